//! Questions about the table of keys: which key, which section, which names.

use super::KeySpec;
use super::key::variable_of;
use super::legacy::{LEGACY, is_legacy};
use super::spelling::{SPELLINGS, Spelling, spelling};

/// What a path of the file leads to.
pub(super) enum Place {
    /// A key; its row's number.
    Key(usize),
    /// A key by another spelling; the number of the row it means.
    Spelling(usize, &'static Spelling),
    /// A key that has no effect.
    Legacy,
    /// A section: only keys below it mean something.
    Section,
    /// Nothing.
    Unknown,
}

/// A table of keys, with the keys that have no effect beside it.
#[derive(Clone, Copy)]
pub(super) struct Table(pub(super) &'static [KeySpec]);

impl Table {
    /// The rows.
    pub(super) fn rows(self) -> &'static [KeySpec] {
        self.0
    }

    /// The number of the row with this path.
    pub(super) fn row_of(self, path: &str) -> Option<usize> {
        self.0.iter().position(|spec| spec.path == path)
    }

    /// What a path leads to.
    pub(super) fn place(self, path: &str) -> Place {
        if let Some(row) = self.row_of(path) {
            return Place::Key(row);
        }
        if let Some((row, spelling)) = self.meant_by(path) {
            return Place::Spelling(row, spelling);
        }
        if is_legacy(path) {
            return Place::Legacy;
        }
        let section = format!("{path}.");
        if self.paths().any(|known| known.starts_with(&section)) {
            return Place::Section;
        }
        Place::Unknown
    }

    /// The key that another spelling means.
    fn meant_by(self, path: &str) -> Option<(usize, &'static Spelling)> {
        let spelling = spelling(path)?;
        Some((self.row_of(spelling.means)?, spelling))
    }

    /// The paths of all keys, other spellings and those without effect last.
    pub(super) fn paths(self) -> impl Iterator<Item = &'static str> {
        let used = self.0.iter().map(|spec| spec.path);
        let spelt = SPELLINGS.iter().map(|spelling| spelling.path);
        used.chain(spelt).chain(LEGACY.iter().copied())
    }

    /// The path that a variable stands for, and what that leads to.
    pub(super) fn key_of_variable(self, name: &str) -> Option<(&'static str, Place)> {
        let path = self.paths().find(|path| variable_of(path) == name)?;
        Some((path, self.place(path)))
    }

    /// The names that may stand directly in a section (`""` for the top):
    /// keys and sections, each once, in the order of the table.
    pub(super) fn names_in(self, section: &str) -> Vec<&'static str> {
        names_among(self.paths(), section)
    }

    /// Those of them that have an effect.
    pub(super) fn names_in_use(self, section: &str) -> Vec<&'static str> {
        names_among(self.0.iter().map(|spec| spec.path), section)
    }
}

fn names_among(paths: impl Iterator<Item = &'static str>, section: &str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for path in paths {
        let Some(below) = below(path, section) else {
            continue;
        };
        let name = below.split('.').next().unwrap_or(below);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A path with its section taken off, if it stands in the section.
fn below(path: &'static str, section: &str) -> Option<&'static str> {
    if section.is_empty() {
        return Some(path);
    }
    path.strip_prefix(section)?.strip_prefix('.')
}

/// A name in a section (`""` for the top) as a path.
pub(super) fn joined(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::{Place, Table, joined};
    use crate::config::TABLE;

    #[test]
    fn a_path_leads_to_a_key_a_section_or_nothing() {
        let shown = |path: &str| match Table(TABLE).place(path) {
            Place::Key(row) => TABLE[row].path,
            Place::Spelling(row, _) => TABLE[row].path,
            Place::Legacy => "legacy",
            Place::Section => "section",
            Place::Unknown => "unknown",
        };
        for (path, expected) in [
            ("policy.threshold", "policy.threshold"),
            ("policy", "section"),
            ("backup", "section"),
            ("backup.path", "backup.path"),
            ("backup.retention_count", "backup.retention"),
            ("backup.compression", "legacy"),
            ("interval", "interval"),
            ("batch_delay", "legacy"),
            ("pol", "unknown"),
            ("", "unknown"),
            ("policy.threshold.x", "unknown"),
        ] {
            assert_eq!(shown(path), expected, "{path}");
        }
    }

    #[test]
    fn the_names_of_a_section_are_its_own() {
        let table = Table(TABLE);
        assert_eq!(table.names_in("policy"), ["kind", "threshold", "margin"]);
        let top = table.names_in("");
        for name in ["fleet", "policy", "backup", "metrics"] {
            assert_eq!(top.iter().filter(|found| **found == name).count(), 1);
        }
        let used = table.names_in_use("");
        assert!(used.contains(&"policy") && !used.contains(&"metrics"));
        assert_eq!(joined("", "policy"), "policy");
        assert_eq!(joined("policy", "kind"), "policy.kind");
    }
}
