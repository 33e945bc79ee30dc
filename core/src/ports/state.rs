//! What must be remembered between runs, apart from the store of secrets.

use std::fmt;

use chrono::{DateTime, Utc};

use super::PortError;
use crate::model::JsonObject;

/// One run in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    /// The run's own id.
    pub run_id: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it finished; `None` while it runs, or if it was killed.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended, in the reconciler's words; `None` if it did not.
    pub outcome: Option<String>,
    /// Whether it saw and did everything it had to.
    pub complete: bool,
    /// How many of each kind there were.
    pub counts: JsonObject,
    /// What people should look at.
    pub findings: Vec<JsonObject>,
}

/// The memory of one Director's runs. Its methods block for microseconds.
pub trait RunState: fmt::Debug + Send + Sync {
    /// How many members the index had when the last run had seen it.
    ///
    /// # Errors
    /// If the state cannot be read.
    fn index_size(&self) -> Result<Option<u64>, PortError>;

    /// Remembers how many members the index has.
    ///
    /// # Errors
    /// If the state cannot be written.
    fn set_index_size(&self, members: u64) -> Result<(), PortError>;

    /// Writes a run into the journal, or replaces the one of the same id.
    ///
    /// # Errors
    /// If the state cannot be written.
    fn record_run(&self, run: &RunEntry) -> Result<(), PortError>;

    /// Where the state is, for people.
    fn address(&self) -> String;
}
