//! What begins a run, and what it is called.

use std::fmt;

use chrono::{DateTime, Utc};

/// What began a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trigger {
    /// A person, by a command.
    #[default]
    Command,
    /// The schedule.
    Schedule,
    /// A person or a program that asked the daemon for a run now.
    Forced,
}

impl Trigger {
    /// The word for it in the journal: `cli`, `schedule` or `forced`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "cli",
            Self::Schedule => "schedule",
            Self::Forced => "forced",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The id of a run of this process that was asked for at `at`.
#[must_use]
pub fn run_id(at: DateTime<Utc>) -> String {
    format!("{}-{}", at.format("%Y%m%dT%H%M%S%3fZ"), std::process::id())
}
