//! The layer of the file: places, structure, and what cannot be read at all.

use std::path::Path;

use super::{ConfigErrors, Settings, SourceFile, Sources, keys};

fn load(content: impl Into<Vec<u8>>) -> Result<Settings, ConfigErrors> {
    Settings::load(Sources { file: Some(SourceFile::of("a.conf", content)), ..Sources::default() })
}

/// What is wrong, without the next step.
fn errors(content: impl Into<Vec<u8>>) -> Vec<String> {
    let errors = load(content).expect_err("something is wrong").to_string();
    let wrong = |line: &str| line.split("; ").next().unwrap_or(line).to_owned();
    errors.lines().map(wrong).collect()
}

#[test]
fn a_file_without_a_word_for_us_is_fine() {
    for text in [
        "",
        "# nothing\n",
        "~\n",
        "---\n",
        "reconciler:\n",
        "reconciler: ~\n",
        "reconciler: {}\n",
        "reconciler:\n  policy:\n    # threshold: 0.7\n",
        "\u{feff}broker: {port: 3000}\n",
        "broker: {port: 3000, port: 3001}\nvault: {a: 1}\nbosh: {b: x}\nservices: {}\nforges: {}\n\
         vm_monitoring: {enabled: true}\nshield: {}\nbroker.cf: 1\ndebug: true\nenv: x\n",
    ] {
        let settings = load(text).unwrap_or_else(|errors| panic!("{text:?}: {errors}"));
        assert_eq!(settings.notices(), [], "{text:?}");
        assert_eq!(settings.integer(keys::BATCH_SIZE), 10, "{text:?}");
    }
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    for (text, expected) in [
        ("reconciler: 5\n", "a.conf:1:13: reconciler: is a section, not a value"),
        ("reconciler: [a]\n", "a.conf:1:13: reconciler: is a section, not a value"),
        ("reconciler: {policy: best}\n", "a.conf:1:22: policy: is a section, not a value"),
        ("reconciler: {é: 1}\n", "a.conf:1:14: é: there is no such key"),
        ("x: é\nreconciler: {workers: é}\n", "a.conf:2:23: workers: `é` is not a whole number from 1 to 256"),
        (
            "reconciler: {workers: '4'}\n",
            "a.conf:1:23: workers: `4` is a text, not a whole number from 1 to 256",
        ),
        ("reconciler: {workers: 010}\n", "a.conf:1:23: workers: `010` is not a whole number from 1 to 256"),
        (
            "reconciler: {policy: {threshold: \"0.7\"}}\n",
            "a.conf:1:34: policy.threshold: `0.7` is a text, not a number from 0 to 1",
        ),
        ("reconciler:\n  fleet: ''\n", "a.conf:2:10: fleet: is empty"),
        ("reconciler: {fleet: [a, b]}\n", "a.conf:1:21: fleet: is a list, not a path"),
        ("reconciler: {strategies: {a: b}}\n", "a.conf:1:26: strategies: is a mapping, not a list"),
        ("reconciler: {strategies: []}\n", "a.conf:1:26: strategies: has no items"),
        ("reconciler: {strategies: [a, ' ']}\n", "a.conf:1:26: strategies: item 2 is empty"),
        ("reconciler: {strategies: [a, [b]]}\n", "a.conf:1:26: strategies: item 2 is not a text"),
        ("reconciler: {strategies: [~]}\n", "a.conf:1:26: strategies: item 1 is not a text"),
        ("reconciler: {fleet: ~}\n", "a.conf:1:21: fleet: has no value"),
        ("reconciler:\n  fleet:\n  workers: 1\n", "a.conf:2:8: fleet: has no value"),
        ("reconciler: {[a, b]: 1}\n", "a.conf:1:14: reconciler: has a key that is no text"),
        ("reconciler: {policy: {'': 1}}\n", "a.conf:1:23: policy: has a key that is no text"),
        (
            "reconciler: {policy.kind: best}\n",
            "a.conf:1:14: policy.kind: is written with a dot, which the file does not read",
        ),
        ("reconciler: {policy.knd: best}\n", "a.conf:1:14: policy.knd: there is no such key"),
        (
            "reconciler: {policy: {policy.kind: best}}\n",
            "a.conf:1:23: policy.policy.kind: there is no such key",
        ),
        ("reconciler: {'wor\\nkers': 1}\n", "a.conf:1:14: wor\\\\nkers: there is no such key"),
        ("reconciler: {<<: 5}\n", "a.conf:1:14: <<: there is no such key"),
    ] {
        assert_eq!(errors(text), [expected], "{text}");
    }
}

#[test]
fn repeated_keys_are_errors_in_our_section_only() {
    let repeated = |at: &str, key: &str| {
        format!("a.conf:{at}: {key}: stands here for a second time in the same section")
    };
    for (text, expected) in [
        ("reconciler: {workers: 1, workers: 2, workers: 3}\n", vec![repeated("1:38", "workers")]),
        ("reconciler: {workers: 1}\nreconciler: {workers: 1}\n", vec![repeated("2:1", "reconciler")]),
        (
            "reconciler:\n  policy: {kind: best, kind: best}\n  policy: {kind: best}\n",
            vec![repeated("3:3", "policy")],
        ),
        (
            "bosh: {a: 1, a: 2}\nreconciler: {interval: 1h, interval: 2h}\n",
            vec![repeated("2:28", "interval")],
        ),
        ("x: &x {kind: best, kind: best}\nreconciler: {policy: *x}\n", vec![repeated("1:20", "policy.kind")]),
    ] {
        assert_eq!(errors(text), expected, "{text}");
    }
}

#[test]
fn anchors_and_merges_are_followed() {
    let settings = load(
        "defaults: &d {threshold: 0.9, margin: 0.2}\n\
         reconciler: {policy: {<<: *d, margin: 0.3}, strategies: 'a, b'}\n",
    )
    .expect("good values");
    let shown = |key: super::Key<crate::matching::Confidence>| settings.confidence(key).to_string();
    assert_eq!(shown(keys::POLICY_THRESHOLD), "0.900");
    assert_eq!(shown(keys::POLICY_MARGIN), "0.300");
    let origin = settings.origin(keys::POLICY_THRESHOLD).map(ToString::to_string);
    assert_eq!(origin.as_deref(), Some("a.conf:1:26"));
    let strategies = settings.list(keys::STRATEGIES).expect("was given");
    assert_eq!(strategies, ["a", "b"]);
}

#[test]
fn two_directors_are_an_error_that_says_so() {
    for (text, place) in [
        ("reconciler: {director: [{environment: a}, {environment: b}]}", "a.conf:1:24: director: "),
        ("reconciler: {directors: [{environment: a}]}", "a.conf:1:14: directors: "),
    ] {
        let found = errors(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(place) && found[0].contains("exactly one"), "{found:?}");
    }
    let twice = errors("reconciler:\n  director: {environment: a}\n  director: {environment: b}\n");
    assert!(twice[0].contains("second time"), "{twice:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_one_error() {
    for (content, expected) in [
        (&b"a: [1, 2\nb: 3\n"[..], "a.conf:2:"),
        (b"a: b\nc: \xc3\xa9\xff\n", "a.conf:2:5: is not UTF-8 from here on"),
        (b"- a\n", "a.conf:1:1: is not a configuration: its top is not a mapping"),
        (b"reconciler: *nowhere\n", "a.conf:1:13: cannot be read: "),
    ] {
        let found = errors(content);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
    let large = errors(vec![b'#'; 16 * 1024 * 1024 + 1]);
    assert!(large[0].starts_with("a.conf: cannot be read: "), "{large:?}");
}

#[test]
fn a_missing_file_is_reported_beside_the_other_errors() {
    let errors = Settings::load(Sources {
        file: Some(SourceFile::read(Path::new("no/such.conf"))),
        environment: vec![("BLACKSMITH_RECONCILER_WORKERS".into(), "x".into())],
        flags: Vec::new(),
    })
    .expect_err("two things are wrong");
    assert_eq!(errors.errors().len(), 2);
    let text = errors.to_string();
    assert!(text.starts_with("no/such.conf: cannot be read ("), "{text}");
}

#[test]
fn what_would_be_lost_without_a_word_is_noticed() {
    for (text, expected) in [
        (
            "reconciler: {workers: 1}\n---\nreconciler: {workers: 2}\n",
            "a.conf:2:1: a second document begins here, which is not read",
        ),
        (
            "broker: {}\nreconcilier: {workers: 1}\n",
            "a.conf:2:1: reconcilier: the file has no section `reconciler`, only this one",
        ),
    ] {
        let settings = load(text).unwrap_or_else(|errors| panic!("{text}: {errors}"));
        let notices: Vec<String> = settings.notices().iter().map(ToString::to_string).collect();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].starts_with(expected), "{notices:?}");
    }
}

#[test]
fn notices_of_the_file_come_in_the_order_of_its_text() {
    let settings = load("reconciler: {batch_delay: 1s, <<: {queue_size: 1}, adaptive_scaling: no}\n---\n");
    let settings = settings.expect("nothing is wrong");
    let keys: Vec<_> = settings.notices().iter().map(|n| n.key.as_deref()).collect();
    assert_eq!(keys, [Some("batch_delay"), Some("queue_size"), Some("adaptive_scaling"), None]);
}
