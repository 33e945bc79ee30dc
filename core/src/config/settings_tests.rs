//! The settings as a whole: many errors at once, notices, listing, secrets.

use std::path::Path;
use std::time::Duration;

use super::legacy::SHARES_ITS_VARIABLE;
use super::table::Table;
use super::{FlagText, LEGACY, Settings, SourceFile, Sources, TABLE, keys};
use crate::matching::{Confidence, Policy, PolicyKind};

/// A table with every kind there is, also those no key of this version has.
#[expect(unreachable_pub, reason = "the macro declares public keys")]
pub(super) mod sample {
    use std::path::PathBuf;
    use std::time::Duration;

    use crate::config::key::declare_keys;
    use crate::config::{Choice, Kind};
    use crate::matching::Confidence;

    declare_keys! {
        SAMPLE_ROWS:

        BOOLEAN: bool = {
            path: "sample.boolean", kind: Kind::Bool, default: Some("true"),
            doc: "A truth value.", secret: false,
        }
        INTEGER: Option<u64> = {
            path: "sample.integer", kind: Kind::Integer { min: 0, max: 9 }, default: None,
            doc: "A number.", secret: false,
        }
        DURATION: Duration = {
            path: "sample.duration", kind: Kind::Duration, default: Some("1h"),
            doc: "A duration.", secret: false,
        }
        CONFIDENCE: Option<Confidence> = {
            path: "sample.confidence", kind: Kind::Confidence, default: None,
            doc: "A confidence.", secret: false,
        }
        TOKEN: Option<String> = {
            path: "sample.deeper.token", kind: Kind::Text, default: None,
            doc: "A secret.", secret: true,
        }
        PIN: Option<u64> = {
            path: "sample.deeper.pin", kind: Kind::Integer { min: 0, max: 9999 }, default: None,
            doc: "Another secret.", secret: true,
        }
        PATH: PathBuf = {
            path: "path", kind: Kind::Path, default: Some("backups"),
            doc: "A path.", secret: false,
        }
        LIST: Option<Vec<String>> = {
            path: "sample.list", kind: Kind::List, default: None,
            doc: "A list.", secret: false,
        }
        CHOICE: Choice = {
            path: "sample.choice", kind: Kind::Choice(&["text", "json"]), default: Some("text"),
            doc: "A choice.", secret: false,
        }
    }

    pub(crate) static TABLE: &[crate::config::KeySpec] = SAMPLE_ROWS;
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    let pairs = pairs.iter();
    pairs.map(|(name, value)| (name.into(), value.into())).collect()
}

const TROUBLE: &str = "\
bosh: {address: https://10.0.0.6:25555}
reconciler:
  fleet: fleets/a
  wokers: 4
  batch_size: ten
  policy:
    threshold: 0.7
    treshold: 0.8
    margin: 15%
    kind: frist
  policy.threshold: 0.7
  fleet: fleets/b
  batch_delay: 1s
";

#[test]
fn all_errors_of_all_sources_are_reported_at_once() {
    let errors = Settings::load(Sources {
        file: Some(SourceFile::of("blacksmith.conf", TROUBLE)),
        environment: variables(&[
            ("BLACKSMITH_RECONCILER_WORKERS", "0"),
            ("BLACKSMITH_RECONCILER_BATCH_SIZE", "3600s"),
            ("BLACKSMITH_RECONCILER_POLICY", "best"),
        ]),
        flags: vec![
            FlagText::new("policy.threshold", "1.2", "--threshold"),
            FlagText::new("policy.treshold", "1", "--set"),
        ],
    })
    .expect_err("much is wrong");
    let expected = "\
blacksmith.conf:4:3: wokers: there is no such key; did you mean `workers`?
blacksmith.conf:5:15: batch_size: `ten` is not a whole number from 1 to 10000; write one from 1 to 10000, in digits
blacksmith.conf:8:5: policy.treshold: there is no such key; did you mean `policy.threshold`?
blacksmith.conf:9:13: policy.margin: `15%` is not a number from 0 to 1; write one with at most three decimals, such as `0.7`
blacksmith.conf:10:11: policy.kind: `frist` is not one of `best`, `first-match`; write one of `best`, `first-match`
blacksmith.conf:11:3: policy.threshold: is written with a dot, which the file does not read; nest it: `policy: {threshold: …}`
blacksmith.conf:12:3: fleet: stands here for a second time in the same section; keep one of the two
BLACKSMITH_RECONCILER_BATCH_SIZE: batch_size: `3600s` is not a whole number from 1 to 10000; write one from 1 to 10000, in digits
BLACKSMITH_RECONCILER_WORKERS: workers: `0` is not a whole number from 1 to 256; write one from 1 to 256, in digits
--threshold: policy.threshold: `1.2` is not a number from 0 to 1; write one with at most three decimals, such as `0.7`
--set: policy.treshold: there is no such key; did you mean `policy.threshold`?";
    assert_eq!(errors.to_string(), expected);
    let notices: Vec<String> = errors.notices().iter().map(ToString::to_string).collect();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].starts_with("blacksmith.conf:13:3: batch_delay: has no effect"));
    assert!(notices[1].starts_with("BLACKSMITH_RECONCILER_POLICY: no key has this variable"));
}

#[test]
fn every_key_without_effect_is_noticed_in_file_and_environment() {
    for path in LEGACY {
        let nested = path.replace('.', ": {");
        let braces = "}".repeat(path.matches('.').count());
        let file = format!("reconciler: {{{nested}: [whatever]{braces}}}");
        // That variable sets a key in use, and is good for it.
        let shared = *path == SHARES_ITS_VARIABLE;
        let value = if shared { "1m" } else { "whatever" };
        let variable = super::key::variable_of(path);
        let settings = Settings::load(Sources {
            file: Some(SourceFile::of("a.conf", file)),
            environment: variables(&[(&variable, value)]),
            flags: Vec::new(),
        })
        .unwrap_or_else(|errors| panic!("{path}: {errors}"));
        let notices: Vec<String> = settings.notices().iter().map(ToString::to_string).collect();
        assert_eq!(notices.len(), if shared { 1 } else { 2 }, "{notices:?}");
        for notice in &notices {
            let text = format!(": {path}: has no effect in this version; ");
            assert!(notice.contains(&text), "{notice}");
        }
    }
}

#[test]
fn nothing_given_is_the_defaults() {
    let settings = Settings::load(Sources::default()).expect("the defaults are good");
    assert_eq!(settings.policy(), Policy::default());
    assert_eq!(settings.integer(keys::BATCH_SIZE), 10);
    assert_eq!(settings.path(keys::FLEET), None);
    assert_eq!(settings.origin(keys::FLEET), None);
    assert_eq!(settings.list(keys::STRATEGIES), None);
}

#[test]
fn the_policy_is_what_was_configured() {
    for kind in PolicyKind::NAMES {
        let text =
            format!("reconciler:\n  fleet: f\n  policy: {{kind: {kind}, threshold: 0.8, margin: 0}}\n");
        let settings =
            Settings::load(Sources { file: Some(SourceFile::of("a.conf", text)), ..Sources::default() })
                .expect("good values");
        let expected = Policy {
            kind: kind.parse().expect("a name of a policy"),
            threshold: Confidence::per_mille(800),
            margin: Confidence::NONE,
        };
        assert_eq!(settings.policy(), expected);
        assert_eq!(settings.path(keys::FLEET), Some(Path::new("f")));
        let origin = settings.origin(keys::POLICY_KIND).map(ToString::to_string);
        assert_eq!(origin.as_deref(), Some("a.conf:3:18"));
    }
}

#[test]
fn a_listing_has_every_key_in_the_order_of_the_table() {
    let settings = Settings::load(Sources {
        environment: variables(&[("BLACKSMITH_RECONCILER_WORKERS", "4")]),
        flags: vec![FlagText::new("strategies", "a, b", "--strategies")],
        file: None,
    })
    .expect("good values");
    let paths: Vec<&str> = settings.entries().map(|entry| entry.spec().path).collect();
    let expected: Vec<&str> = TABLE.iter().map(|spec| spec.path).collect();
    assert_eq!(paths, expected);
    let line = |path: &str| {
        let entry = settings.entries().find(|entry| entry.spec().path == path);
        format!("{:?}", entry.expect("is listed"))
    };
    assert_eq!(line("fleet"), "not set");
    assert_eq!(line("strategies"), "\"a,b\" (--strategies)");
    assert_eq!(line("policy.margin"), "\"0.150\" (default)");
    assert_eq!(line("workers"), "\"4\" (BLACKSMITH_RECONCILER_WORKERS)");
}

#[test]
fn a_secret_is_read_but_never_shown() {
    let table = Table(sample::TABLE);
    let load = |pin: &str| {
        Settings::load_by(
            table,
            Sources {
                file: Some(SourceFile::of(
                    "a.conf",
                    format!("reconciler: {{sample: {{deeper: {{token: hunter2, pin: {pin}}}}}}}"),
                )),
                environment: variables(&[("BLACKSMITH_RECONCILER_SAMPLE_DEEPER_PIN", pin)]),
                flags: vec![FlagText::new("sample.deeper.pin", pin, "--pin")],
            },
        )
    };
    let settings = load("1234").expect("good values");
    assert_eq!(settings.text(sample::TOKEN), Some("hunter2"));
    assert_eq!(settings.integer(sample::PIN), Some(1234));
    let shown = format!("{settings:?}");
    assert!(shown.contains("<redacted>"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("1234"), "{shown}");
    for pin in ["hunter3", "'hunter3'", "0hunter3", "99999999993"] {
        let errors = load(pin).expect_err(pin);
        let shown = format!("{errors} {errors:?}");
        assert_eq!(errors.errors().len(), 3, "{shown}");
        assert!(!shown.contains("hunter") && !shown.contains("99999999993"), "{shown}");
    }
}

#[test]
fn a_password_inside_a_url_is_never_shown() {
    for (key, value, shown) in [
        ("director.environment", "https://admin:hunter2@10.0.0.6:25555", "https://<redacted>@10.0.0.6:25555"),
        ("catalog.url", "http://broker:hun/ter@2@host/v2", "http://<redacted>@host/v2"),
        ("director.environment", "admin:hunter2@10.0.0.6:25555", "<redacted>@10.0.0.6:25555"),
        ("director.environment", "admin:hun@ter2@10.0.0.6", "<redacted>@10.0.0.6"),
        ("director.ca_cert", "/etc/ca:2@host.pem", "/etc/ca:2@host.pem"),
        ("vault.address", "https://hunter2@vault:8200", "https://<redacted>@vault:8200"),
        ("vault.address", "https://vault:8200", "https://vault:8200"),
    ] {
        let flags = vec![FlagText::new(key, value, "--flag")];
        let settings = Settings::load(Sources { flags, ..Sources::default() }).expect(value);
        let entry = settings.entries().find(|entry| entry.spec().path == key).expect("in the table");
        assert_eq!(entry.shown().as_deref(), Some(shown));
        assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
    }
}

#[test]
fn keys_that_can_be_read_are_there_beside_one_that_cannot() {
    let flags = vec![FlagText::new("interval", "soon", "--interval"), FlagText::new("fleet", "f", "--fleet")];
    let (settings, errors) = Settings::load_partly(Sources { flags, ..Sources::default() });
    assert_eq!(errors.expect("a bad duration").errors().len(), 1);
    assert_eq!(settings.duration(keys::INTERVAL), Duration::from_secs(3_600));
    assert_eq!(settings.path(keys::FLEET), Some(Path::new("f")));
}

#[test]
fn keys_are_kept_as_they_stand_in_other_settings() {
    let load = |level: &str, interval: &str| {
        let flags = vec![FlagText::new("log.level", level, "-l"), FlagText::new("interval", interval, "-i")];
        Settings::load(Sources { flags, ..Sources::default() }).expect("good values")
    };
    let kept = load("debug", "2h").keeping(&load("warn", "1h"), &["log.level"]);
    assert_eq!(kept.choice(keys::LOG_LEVEL), Some("warn"));
    assert_eq!(kept.duration(keys::INTERVAL), Duration::from_secs(7_200));
}
