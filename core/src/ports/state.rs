//! What must be remembered between runs, apart from the store of secrets.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};

use super::PortError;
use crate::model::{InstanceId, JsonObject};

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

/// Since when the deployment of an index entry is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The entry's instance, as it was spelled when it was first absent.
    pub instance: InstanceId,
    /// When it was first found absent.
    pub first_absent_at: DateTime<Utc>,
    /// How many complete scans in a row found it absent, from 1.
    pub complete_scans: u32,
}

/// What the last complete scan saw, so that a later one can tell that it sees
/// less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScan {
    /// How many deployments the Director's list had.
    pub deployments: u64,
    /// The scopes of the credentials, where they were known.
    pub scopes: Option<Vec<String>>,
}

/// The memory of one Director's runs. Its methods block: reading takes
/// microseconds, writing as long as the disk needs to make a change durable.
pub trait RunState: fmt::Debug + Send + Sync {
    /// Where the file is, for people.
    fn address(&self) -> String;

    /// The UUID of the Director whose runs are remembered.
    fn director_uuid(&self) -> &str;

    /// What the last complete scan saw; `None` if there was none.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn last_scan(&self) -> Result<Option<LastScan>, PortError>;

    /// Remembers what a complete scan saw.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn set_last_scan(&self, scan: &LastScan) -> Result<(), PortError>;

    /// How many entries the index had when it was last seen.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn index_size(&self) -> Result<Option<u64>, PortError>;

    /// Remembers how many entries the index has.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn set_index_size(&self, entries: u64) -> Result<(), PortError>;

    /// When everything was last verified, not only what had changed.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn last_full_verification(&self) -> Result<Option<DateTime<Utc>>, PortError>;

    /// Remembers when everything was verified.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn set_last_full_verification(&self, at: DateTime<Utc>) -> Result<(), PortError>;

    /// The entries that are absent, in the order of their ids.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn absences(&self) -> Result<Vec<Absence>, PortError>;

    /// Takes in a complete scan: of the entries that it found absent, each is
    /// counted once more or begins to be absent at `at`; all others are no
    /// longer absent. Gives the absences as they are now.
    ///
    /// A scan that is not complete proves no absence and must not come here.
    ///
    /// # Errors
    /// If the file cannot be written; then nothing was changed.
    fn record_complete_scan(
        &self,
        absent: &BTreeSet<InstanceId>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Absence>, PortError>;

    /// Forgets absences of entries that were seen again, or are gone.
    ///
    /// # Errors
    /// If the file cannot be written; then nothing was changed.
    fn forget_absences(&self, instances: &BTreeSet<InstanceId>) -> Result<(), PortError>;

    /// Writes a run into the journal, or replaces what is there under its id.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn record_run(&self, run: &RunEntry) -> Result<(), PortError>;

    /// The newest runs of the journal, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, PortError>;

    /// Keeps the newest `keep` runs of the journal, and of these the ones that
    /// started at `oldest` or later. Gives how many were removed.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn prune_runs(&self, keep: usize, oldest: DateTime<Utc>) -> Result<usize, PortError>;
}
