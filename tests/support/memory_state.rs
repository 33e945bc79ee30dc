//! What is remembered between runs, in memory: for tests that make hundreds of
//! runs and have no use for a file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use reconciler_core::model::{InstanceId, JsonObject};
use reconciler_core::ports::{
    Absence, CompleteScan, DecisionEntry, LastScan, PortError, Recollections, RunEntry, RunState, RunSummary,
};

/// The memory of one Director's runs.
#[derive(Debug)]
pub struct MemoryState {
    director_uuid: String,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    last_scan: Option<LastScan>,
    index_size: Option<u64>,
    last_full_verification: Option<DateTime<Utc>>,
    absences: BTreeMap<String, Absence>,
    recollections: Recollections,
    runs: Vec<RunEntry>,
    decisions: BTreeMap<String, Vec<DecisionEntry>>,
    rules: BTreeMap<String, JsonObject>,
}

impl MemoryState {
    /// Remembers nothing yet.
    #[must_use]
    pub fn new(director_uuid: &str) -> Self {
        Self { director_uuid: director_uuid.to_owned(), remembered: Mutex::default() }
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunState for MemoryState {
    fn address(&self) -> String {
        "a state in memory".to_owned()
    }

    fn director_uuid(&self) -> &str {
        &self.director_uuid
    }

    fn last_scan(&self) -> Result<Option<LastScan>, PortError> {
        Ok(self.remembered().last_scan.clone())
    }

    fn set_last_scan(&self, scan: &LastScan) -> Result<(), PortError> {
        self.remembered().last_scan = Some(scan.clone());
        Ok(())
    }

    fn index_size(&self) -> Result<Option<u64>, PortError> {
        Ok(self.remembered().index_size)
    }

    fn set_index_size(&self, entries: u64) -> Result<(), PortError> {
        self.remembered().index_size = Some(entries);
        Ok(())
    }

    fn last_full_verification(&self) -> Result<Option<DateTime<Utc>>, PortError> {
        Ok(self.remembered().last_full_verification)
    }

    fn set_last_full_verification(&self, at: DateTime<Utc>) -> Result<(), PortError> {
        self.remembered().last_full_verification = Some(at);
        Ok(())
    }

    fn absences(&self) -> Result<Vec<Absence>, PortError> {
        Ok(self.remembered().absences.values().cloned().collect())
    }

    fn record_complete_scan(&self, scan: &CompleteScan) -> Result<Vec<Absence>, PortError> {
        let remembered = &mut *self.remembered();
        let known: Vec<Absence> = remembered.absences.values().cloned().collect();
        let counted = scan.counted(&known);
        remembered.absences =
            counted.iter().map(|one| (one.instance.folded().to_owned(), one.clone())).collect();
        Ok(counted)
    }

    fn forget_absences(&self, instances: &BTreeSet<InstanceId>) -> Result<(), PortError> {
        self.remembered().absences.retain(|_, absence| !instances.contains(&absence.instance));
        Ok(())
    }

    fn recollections(&self) -> Result<Recollections, PortError> {
        Ok(self.remembered().recollections.clone())
    }

    fn set_recollections(&self, recollections: &Recollections) -> Result<(), PortError> {
        self.remembered().recollections = recollections.clone();
        Ok(())
    }

    fn record_run(&self, run: &RunEntry) -> Result<(), PortError> {
        let runs = &mut self.remembered().runs;
        runs.retain(|other| other.run_id != run.run_id);
        runs.push(run.clone());
        Ok(())
    }

    fn record_decisions(&self, run_id: &str, decisions: &[DecisionEntry]) -> Result<(), PortError> {
        self.remembered().decisions.insert(run_id.to_owned(), decisions.to_vec());
        Ok(())
    }

    fn run(&self, run_id: &str) -> Result<Option<RunEntry>, PortError> {
        Ok(self.remembered().runs.iter().find(|run| run.run_id == run_id).cloned())
    }

    fn decisions_of(&self, run_id: &str) -> Result<Option<Vec<DecisionEntry>>, PortError> {
        Ok(self.remembered().decisions.get(run_id).cloned())
    }

    fn record_rules(&self, chain: &str, rules: &JsonObject) -> Result<(), PortError> {
        self.remembered().rules.entry(chain.to_owned()).or_insert_with(|| rules.clone());
        Ok(())
    }

    fn rules_of(&self, chain: &str) -> Result<Option<JsonObject>, PortError> {
        Ok(self.remembered().rules.get(chain).cloned())
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunSummary>, PortError> {
        Ok(self.remembered().runs.iter().rev().take(limit).map(RunEntry::summary).collect())
    }

    fn prune_runs(&self, keep: usize, oldest: DateTime<Utc>) -> Result<usize, PortError> {
        let runs = &mut self.remembered().runs;
        let before = runs.len();
        let first = before.saturating_sub(keep);
        let kept = runs.drain(..).skip(first).filter(|run| run.started_at >= oldest).collect();
        *runs = kept;
        Ok(before - runs.len())
    }
}
