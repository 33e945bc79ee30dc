//! What can be wrong with a manifest, and how badly.

use std::fmt;

use serde::Serialize;

use super::Location;

/// The stable codes of problems, for output, filters and metrics.
pub mod code {
    /// Fault: the text is not YAML.
    pub const SYNTAX: &str = "manifest.syntax";
    /// Fault: the bytes are not UTF-8.
    pub const NOT_UTF8: &str = "manifest.not-utf8";
    /// Fault: the text is longer than allowed.
    pub const TOO_LARGE: &str = "manifest.too-large";
    /// Fault: collections nest deeper than allowed.
    pub const TOO_DEEP: &str = "manifest.too-deep";
    /// Fault: more nodes than allowed, aliases written out.
    pub const TOO_MANY_NODES: &str = "manifest.too-many-nodes";
    /// Fault: an alias stands inside what it refers to.
    pub const ALIAS_CYCLE: &str = "manifest.alias-cycle";
    /// Fault: the top of the document is a list or a single value.
    pub const NOT_A_MAPPING: &str = "manifest.not-a-mapping";
    /// Fault: the manifest could not be fetched; what it says is unknown.
    pub const UNREAD: &str = "manifest.unread";
    /// Notice: a key stands twice in one mapping; the last one wins, as in Ruby.
    pub const DUPLICATE_KEY: &str = "manifest.duplicate-key";
    /// Notice: a collection is used as a key; no path leads to its value.
    pub const COMPLEX_KEY: &str = "manifest.complex-key";
    /// Notice: more than one document; the first one counts, as in Ruby.
    pub const MULTIPLE_DOCUMENTS: &str = "manifest.multiple-documents";
    /// Notice: the text says nothing (empty, comments only, or null).
    pub const EMPTY: &str = "manifest.empty";
    /// Notice: more notices than are kept.
    pub const MORE_NOTICES: &str = "manifest.more-notices";
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; the document stands. Decisions are not degraded.
    Notice,
    /// The document could not be read and is empty. Decisions are degraded.
    Fault,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Notice => "notice",
            Self::Fault => "fault",
        })
    }
}

/// One thing that is wrong with a manifest.
///
/// The message never holds a value of the manifest, which may be a password;
/// it may hold a short key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestProblem {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, one of [`code`]; stable.
    pub code: &'static str,
    /// Where it is, if it has a place.
    pub at: Option<Location>,
    /// What it is, for people.
    pub message: String,
}

impl ManifestProblem {
    pub(super) fn fault(code: &'static str, at: Option<Location>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Fault, code, at, message: message.into() }
    }

    pub(super) fn notice(code: &'static str, at: Option<Location>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Notice, code, at, message: message.into() }
    }

    /// Whether it left the document empty.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.severity == Severity::Fault
    }
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(out, "{at}: ")?;
        }
        write!(out, "{} [{}]", self.message, self.code)
    }
}

/// A key as a message may show it: quoted, or not at all if it is long or holds
/// what a terminal would not print.
pub(super) fn shown_key(key: &str) -> String {
    const LONGEST: usize = 64;
    let printable = key.chars().all(|c| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ');
    if key.chars().count() <= LONGEST && printable {
        format!("`{key}`")
    } else {
        "a key (too long or unprintable to show)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{ManifestProblem, code, shown_key};
    use crate::manifest::Location;

    #[test]
    fn a_problem_reads_place_message_code() {
        let at = Location { line: 2, column: 3 };
        let with = ManifestProblem::notice(code::DUPLICATE_KEY, Some(at), "twice");
        assert_eq!(with.to_string(), "2:3: twice [manifest.duplicate-key]");
        let without = ManifestProblem::fault(code::UNREAD, None, "timeout");
        assert_eq!(without.to_string(), "timeout [manifest.unread]");
        assert!(without.is_fault() && !with.is_fault());
    }

    #[test]
    fn long_or_unprintable_keys_are_not_shown() {
        assert_eq!(shown_key("features"), "`features`");
        for key in ["a\u{1b}[31m", "line\nbreak", &"x".repeat(65)] {
            assert!(!shown_key(key).contains(key), "{key:?}");
        }
    }
}
