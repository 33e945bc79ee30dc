//! A file to begin with: every key with its default, as a comment.

use std::fmt::Write as _;

use super::{KeySpec, SECTION, TABLE};

/// The keys of the top, then each section, in the order of the table.
fn sections() -> Vec<(&'static str, Vec<&'static KeySpec>)> {
    let mut sections: Vec<(&str, Vec<&KeySpec>)> = vec![("", Vec::new())];
    for spec in TABLE {
        match sections.iter_mut().find(|(section, _)| *section == spec.section()) {
            Some((_, keys)) => keys.push(spec),
            None => sections.push((spec.section(), vec![spec])),
        }
    }
    sections
}

/// The text of a file that says nothing yet: all keys are commented out, each
/// with what it is for, what it accepts, its variable and its default.
#[must_use]
pub fn template() -> String {
    let mut text = format!(
        "# Configuration of the reconciler. Every key is shown with its default; take away the `#` in\n\
         # front of those that you change. This may be Blacksmith's own file: only the section\n\
         # `{SECTION}` is ours, and what its sections `bosh`, `vault` and `broker` say need not be\n\
         # repeated. A flag wins over a variable, a variable over this file.\n{SECTION}:\n"
    );
    for (section, keys) in sections() {
        let indent = if section.is_empty() { "  " } else { "    " };
        if !section.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\n  {section}:");
        }
        for (at, spec) in keys.iter().enumerate() {
            if at > 0 || section.is_empty() {
                text.push('\n');
            }
            key(&mut text, indent, spec);
        }
    }
    text
}

fn key(text: &mut String, indent: &str, spec: &KeySpec) {
    let kind = spec.kind.to_string();
    let _ = writeln!(text, "{indent}# {}", spec.doc);
    let _ = writeln!(text, "{indent}# {}, or {}.", capitalised(&kind), spec.variable());
    if let Some(usual) = spec.usual {
        let _ = writeln!(text, "{indent}# Else {usual}.");
    }
    match spec.default {
        Some(default) => {
            let _ = writeln!(text, "{indent}#{}: {default}", spec.name());
        }
        None => {
            let _ = writeln!(text, "{indent}#{}:", spec.name());
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, SourceFile, Sources};

    fn loaded(text: &str) -> Settings {
        let file = Some(SourceFile::of("template", text));
        Settings::load(Sources { file, ..Sources::default() }).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn the_template_as_it_is_changes_nothing() {
        let settings = loaded(&template());
        assert_eq!(settings.notices(), []);
        assert!(
            settings.entries().all(|entry| entry.origin().is_none_or(|origin| origin.layer() == "default"))
        );
    }

    #[test]
    fn every_default_in_the_template_is_the_one_in_force() {
        // As if somebody took away every `#` in front of a key with a value.
        let text: Vec<String> = template()
            .lines()
            .map(|line| match line.split_once('#') {
                Some((indent, key)) if !key.starts_with(' ') && !key.ends_with(':') => {
                    format!("{indent}{key}")
                }
                _ => line.to_owned(),
            })
            .collect();
        let (settings, bare) = (loaded(&text.join("\n")), loaded(""));
        for (given, usual) in settings.entries().zip(bare.entries()) {
            assert_eq!(given.shown(), usual.shown(), "{}", given.spec().path);
            let layer = given.origin().map(|origin| origin.layer());
            assert_eq!(layer, given.spec().default.map(|_| "file"), "{}", given.spec().path);
        }
    }

    #[test]
    fn every_key_stands_in_the_template_once() {
        let text = template();
        for spec in TABLE {
            assert_eq!(text.matches(&format!("{}.\n", spec.variable())).count(), 1, "{}", spec.path);
        }
        assert!(text.lines().all(|line| line.chars().count() <= 120));
    }
}
