//! What must be remembered between runs, apart from the store of secrets.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Absence, CompleteScan, PortError, Recollections};
use crate::model::{InstanceId, JsonObject};

/// One run in the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunEntry<Findings = Vec<JsonObject>> {
    /// The run's own id.
    pub run_id: String,
    /// What began it, in the reconciler's words; `None` if an older release
    /// wrote the entry.
    pub trigger: Option<String>,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it finished; `None` while it runs, or if it was killed.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it ended, in the reconciler's words; `None` if it did not.
    pub outcome: Option<String>,
    /// Whether it saw and did everything it had to.
    pub complete: bool,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// The rules of its decisions.
    pub chain: Option<String>,
    /// The fingerprint of the index that it decided by.
    pub index: Option<String>,
    /// How long each of its phases took, in their order.
    pub phases: Vec<PhaseTime>,
    /// How many of each kind there were.
    pub counts: JsonObject,
    /// What people should look at, or the first of it: `findings` in the counts
    /// says how many there were.
    pub findings: Findings,
}

/// The name in a run's counts of how many findings there were in all.
const FINDINGS: &str = "findings";

/// One run of the journal in few words: its findings are counted, also those
/// that were not kept, and not read.
pub type RunSummary = RunEntry<usize>;

impl RunEntry {
    /// The run with its findings counted.
    #[must_use]
    pub fn summary(&self) -> RunSummary {
        let told = self.counts.raw(FINDINGS).and_then(|count| count.get().parse().ok());
        RunSummary {
            run_id: self.run_id.clone(),
            trigger: self.trigger.clone(),
            started_at: self.started_at,
            finished_at: self.finished_at,
            outcome: self.outcome.clone(),
            complete: self.complete,
            error: self.error.clone(),
            chain: self.chain.clone(),
            index: self.index.clone(),
            phases: self.phases.clone(),
            counts: self.counts.clone(),
            findings: told.unwrap_or(self.findings.len()),
        }
    }
}

/// How long a phase of a run took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// The phase, in the reconciler's words.
    pub phase: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// What was decided about one deployment, in few words: no manifest, no trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionEntry {
    /// The deployment.
    pub deployment: String,
    /// `matched`, `review` or `unmatched`.
    pub outcome: String,
    /// Why a person has to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The instance: of a match, else of the best that was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Its plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// How sure that was, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The strategies that proposed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategies: Vec<String>,
    /// Whether a failure keeps the decision from being the whole truth.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub degraded: bool,
    /// Which ones. Releases before this one kept only that there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded_by: Vec<FailureEntry>,
}

/// A failure that keeps a decision from being the whole truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureEntry {
    /// The strategy that failed, or `manifest`.
    pub by: String,
    /// The code of the failure.
    pub code: String,
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

    /// The store whose records are remembered, if it is another one than this
    /// run's: then nothing is known of these yet.
    ///
    /// # Errors
    /// If it cannot be read.
    fn other_store(&self) -> Result<Option<String>, PortError> {
        Ok(None)
    }

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

    /// Takes in a complete scan, and gives the absences as they are now: those
    /// that it [counts](CompleteScan::counted).
    ///
    /// A scan that is not complete proves no absence and must not come here.
    ///
    /// # Errors
    /// If the file cannot be written; then nothing was changed.
    fn record_complete_scan(&self, scan: &CompleteScan) -> Result<Vec<Absence>, PortError>;

    /// Forgets absences of entries that were seen again, or are gone.
    ///
    /// # Errors
    /// If the file cannot be written; then nothing was changed.
    fn forget_absences(&self, instances: &BTreeSet<InstanceId>) -> Result<(), PortError>;

    /// What earlier runs found out about deployments.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn recollections(&self) -> Result<Recollections, PortError>;

    /// Remembers this about deployments, and nothing else any more.
    ///
    /// # Errors
    /// If the file cannot be written; then nothing was changed.
    fn set_recollections(&self, recollections: &Recollections) -> Result<(), PortError>;

    /// Writes a run into the journal, or replaces what is there under its id.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn record_run(&self, run: &RunEntry) -> Result<(), PortError>;

    /// Keeps what a run of the journal decided. What several runs decided alike
    /// is kept once.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn record_decisions(&self, run_id: &str, decisions: &[DecisionEntry]) -> Result<(), PortError>;

    /// Keeps by what rules a chain's runs decide, in the reconciler's form: once
    /// for all of them.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn record_rules(&self, chain: &str, rules: &JsonObject) -> Result<(), PortError>;

    /// The rules of a chain; `None` if no run kept them.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn rules_of(&self, chain: &str) -> Result<Option<JsonObject>, PortError>;

    /// The newest runs of the journal, newest first, at most `limit`. The newest is
    /// the one that was recorded last, whatever its clock said.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn runs(&self, limit: usize) -> Result<Vec<RunSummary>, PortError>;

    /// The whole run of an id, if the journal has it.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn run(&self, run_id: &str) -> Result<Option<RunEntry>, PortError>;

    /// What a run decided; `None` if the journal does not say.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn decisions_of(&self, run_id: &str) -> Result<Option<Vec<DecisionEntry>>, PortError>;

    /// Keeps the newest `keep` runs of the journal, and of these the ones that
    /// started at `oldest` or later. Gives how many were removed.
    ///
    /// # Errors
    /// If the file cannot be written.
    fn prune_runs(&self, keep: usize, oldest: DateTime<Utc>) -> Result<usize, PortError>;
}
