//! Precedence, over every key of the table and every kind a key can have:
//! default, file, environment, flag, and a bad value in each.

use std::time::Duration;

use super::settings_tests::sample;
use super::table::Table;
use super::{FlagText, KeySpec, Kind, Settings, SourceFile, Sources, TABLE};

/// Three values that are written differently from each other, and one that is
/// no value; each as it may stand in a file, a variable and a flag.
fn examples(kind: Kind) -> ([String; 3], &'static str) {
    let (three, bad) = match kind {
        Kind::Bool => (["yes", "off", "true"], "maybe"),
        Kind::Integer { min, max } => {
            assert!(max - min >= 2, "three numbers fit");
            return ([min, min + 1, min + 2].map(|number| number.to_string()), "many");
        }
        Kind::Duration => (["1h30m", "500ms", "1.5s"], "7d"),
        Kind::DurationFrom(_) => (["1h30m", "90s", "2h"], "7d"),
        Kind::Address => (["127.0.0.1:1", "0.0.0.0:2", "10.0.0.9:3"], "9180"),
        Kind::Confidence => (["0.1", "0.22", "0.333"], "70%"),
        Kind::Text => (["one", "two words", "3"], " "),
        Kind::Path => (["a/b", "/c d", "../e"], " "),
        Kind::List => (["a", "b , c", "d,e,f"], "a,,b"),
        Kind::Choice(words) => ([words[0], words[1], words[words.len() - 1]], "no-such-word"),
    };
    (three.map(str::to_owned), bad)
}

/// The key with a value, nested as the file has it.
fn yaml(path: &str, value: &str) -> String {
    let quoted = if value.trim().is_empty() { format!("'{value}'") } else { value.to_owned() };
    let mut text = "reconciler:\n".to_owned();
    let mut indent = "  ".to_owned();
    let names: Vec<&str> = path.split('.').collect();
    for name in &names[..names.len() - 1] {
        text.push_str(&format!("{indent}{name}:\n"));
        indent.push_str("  ");
    }
    let last = names[names.len() - 1];
    text.push_str(&format!("{indent}{last}: {quoted}\n"));
    text
}

/// Sources in which the given layers set the key; `[file, variable, flag]`.
fn sources(spec: &KeySpec, values: [Option<&str>; 3]) -> Sources {
    let [file, variable, flag] = values;
    Sources {
        file: file.map(|value| SourceFile::of("blacksmith.conf", yaml(spec.path, value))),
        environment: variable.map(|value| (spec.variable().into(), value.into())).into_iter().collect(),
        flags: flag.map(|value| FlagText::new(spec.path, value, "--the-flag")).into_iter().collect(),
    }
}

/// The value's canonical text (also of a secret) and the layer it comes from.
fn in_force(table: Table, spec: &KeySpec, sources: Sources) -> Option<(String, &'static str)> {
    let settings = Settings::load_by(table, sources).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(settings.notices(), []);
    let entry = settings.entries().find(|entry| entry.spec() == spec).expect("every key is listed");
    let origin = entry.origin()?;
    Some((entry.sourced_text()?, origin.layer()))
}

fn canonical(spec: &KeySpec, text: &str) -> String {
    let value = spec.kind.read(text, false).ok().expect("an example is read");
    value.to_string()
}

fn every_key() -> impl Iterator<Item = (Table, &'static KeySpec)> {
    let used = TABLE.iter().map(|spec| (Table(TABLE), spec));
    let samples = sample::TABLE.iter();
    used.chain(samples.map(|spec| (Table(sample::TABLE), spec)))
}

#[test]
fn a_stronger_layer_overrides_for_every_key() {
    for (table, spec) in every_key() {
        let ([file, variable, flag], _) = examples(spec.kind);
        let default = spec.default.map(|text| (canonical(spec, text), "default"));
        // Which layers set the key, and which of them counts.
        for layers in 0..8_u8 {
            let set = |bit: u8, text| (layers & bit != 0).then_some(text);
            let values = [set(1, &*file), set(2, &*variable), set(4, &*flag)];
            let expected = match values {
                [_, _, Some(text)] => Some((canonical(spec, text), "flag")),
                [_, Some(text), None] => Some((canonical(spec, text), "environment")),
                [Some(text), None, None] => Some((canonical(spec, text), "file")),
                [None, None, None] => default.clone(),
            };
            let found = in_force(table, spec, sources(spec, values));
            assert_eq!(found, expected, "{} in layers {layers:03b}", spec.path);
        }
    }
}

#[test]
fn an_empty_variable_counts_as_not_set_for_every_key() {
    for (table, spec) in every_key() {
        let ([file, ..], _) = examples(spec.kind);
        let found = in_force(table, spec, sources(spec, [Some(&file), Some(""), None]));
        assert_eq!(found, Some((canonical(spec, &file), "file")), "{}", spec.path);
    }
}

#[test]
fn a_bad_value_is_an_error_in_every_layer_even_if_overridden() {
    for (table, spec) in every_key() {
        let ([_, _, good], bad) = examples(spec.kind);
        let variable = spec.variable();
        for (values, origin) in [
            ([Some(bad), None, None], "blacksmith.conf:"),
            ([None, Some(bad), None], &*variable),
            ([None, None, Some(bad)], "--the-flag: "),
            ([Some(bad), Some(&*good), Some(&*good)], "blacksmith.conf:"),
            ([Some(&*good), Some(bad), Some(&*good)], &*variable),
        ] {
            let errors = Settings::load_by(table, sources(spec, values)).expect_err(spec.path).to_string();
            assert_eq!(errors.lines().count(), 1, "{errors}");
            assert!(errors.starts_with(origin), "{errors}");
            assert!(errors.contains(&format!(": {}: ", spec.path)), "{errors}");
            assert!(errors.contains("; "), "{errors}");
        }
        let errors = Settings::load_by(table, sources(spec, [Some(bad); 3])).expect_err(spec.path);
        assert_eq!(errors.errors().len(), 3, "{errors}");
    }
}

#[test]
fn a_collection_is_an_error_for_every_key_but_a_list() {
    for (table, spec) in every_key() {
        for value in ["{a: b}", "[[a]]", "~"] {
            let errors = Settings::load_by(table, sources(spec, [Some(value), None, None]));
            let errors = errors.expect_err(spec.path);
            assert_eq!(errors.errors().len(), 1, "{errors}");
        }
        let sequence = sources(spec, [Some("[a, b]"), None, None]);
        let read = Settings::load_by(table, sequence).is_ok();
        assert_eq!(read, spec.kind == Kind::List, "{}", spec.path);
    }
}

#[test]
fn the_accessor_of_each_kind_gives_its_type() {
    let settings = Settings::load_by(
        Table(sample::TABLE),
        Sources {
            flags: vec![
                FlagText::new("sample.duration", "1h30m", "--duration"),
                FlagText::new("sample.list", "a, b", "--list"),
            ],
            ..Sources::default()
        },
    )
    .expect("good values");
    assert!(settings.boolean(sample::BOOLEAN));
    assert_eq!(settings.integer(sample::INTEGER), None);
    let ninety_minutes = Duration::from_secs(90 * 60);
    assert_eq!(settings.duration(sample::DURATION), ninety_minutes);
    assert_eq!(settings.confidence(sample::CONFIDENCE), None);
    assert_eq!(settings.text(sample::TOKEN), None);
    assert_eq!(settings.path(sample::PATH).to_str(), Some("backups"));
    let items: &[String] = settings.list(sample::LIST).expect("was given");
    assert_eq!(items, ["a", "b"]);
    assert_eq!(settings.choice(sample::CHOICE), "text");
}
