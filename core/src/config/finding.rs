//! What is wrong, or worth knowing, about a configuration.

use std::fmt;

use super::Origin;

/// One thing about a configuration: an error, or a notice.
///
/// Shown as `<origin>: <key>: <what is wrong>; <next step>`. Never holds the
/// value of a secret key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where it was found.
    pub origin: Origin,
    /// The key it is about, as written; nothing if it is about the source as a
    /// whole.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

impl Finding {
    /// A finding about a key. Keys come from files and variables, so what a
    /// terminal would not print is escaped.
    pub(super) fn about(origin: Origin, key: &str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { origin, key: Some(printable(key)), what: what.into(), next: next.into() }
    }

    /// A finding about a whole source.
    pub(super) fn on_source(origin: Origin, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { origin, key: None, what: what.into(), next: next.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.origin)?;
        if let Some(key) = &self.key {
            write!(out, "{key}: ")?;
        }
        write!(out, "{}; {}", self.what, self.next)
    }
}

/// A text cut to what fits a line and escaped for a terminal.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 60;
    let head: String = text.chars().take(LONGEST).collect();
    let mut shown: String = head
        .chars()
        .map(|c| match c {
            // `escape_debug` would write `\'`, which nobody typed.
            '\'' | '"' => c.to_string(),
            c => c.escape_debug().to_string(),
        })
        .collect();
    if head.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Everything that is wrong with a configuration, at least one thing.
///
/// Errors of the file come first, in the order of its text; then those of the
/// environment, by name; then those of the flags, as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    errors: Vec<Finding>,
    notices: Vec<Finding>,
}

impl ConfigErrors {
    /// Nothing if there is no error.
    pub(super) fn of(errors: Vec<Finding>, notices: Vec<Finding>) -> Option<Self> {
        (!errors.is_empty()).then_some(Self { errors, notices })
    }

    /// The errors.
    #[must_use]
    pub fn errors(&self) -> &[Finding] {
        &self.errors
    }

    /// What else is worth knowing about the same sources; not part of the
    /// printed text.
    #[must_use]
    pub fn notices(&self) -> &[Finding] {
        &self.notices
    }
}

/// All errors, one per line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.errors.iter().enumerate() {
            if at > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_listed_one_per_line() {
        let flag = || Origin::Flag { name: "--workers".to_owned() };
        let errors = vec![
            Finding::about(flag(), "workers", "`x` is wrong", "write a number"),
            Finding::on_source(flag(), "cannot be read", "check it"),
        ];
        let errors = ConfigErrors::of(errors, Vec::new()).expect("there are errors");
        assert_eq!(
            errors.to_string(),
            "--workers: workers: `x` is wrong; write a number\n\
             --workers: cannot be read; check it"
        );
        assert_eq!(ConfigErrors::of(Vec::new(), Vec::new()), None);
    }

    #[test]
    fn what_a_terminal_would_not_print_is_escaped_and_cut() {
        assert_eq!(printable("it's\n\u{1b}[31m"), "it's\\n\\u{1b}[31m");
        assert_eq!(printable(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
