//! The journal as the daemon shows it: kept in memory, read when it is first
//! known where it is and after each run.

use chrono::{DateTime, Utc};
use reconciler_core::config::Settings;
use reconciler_core::manager::RunRecord;
use reconciler_core::ports::{PhaseTime, RunEntry};
use serde::{Deserialize, Serialize};

use super::board::Board;
use crate::wiring::JournalPlace;

/// How many runs of the journal are shown.
const SHOWN: usize = 200;

/// One run of the journal, in few words.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JournalLine {
    pub(crate) run_id: String,
    pub(crate) trigger: Option<String>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) outcome: Option<String>,
    pub(crate) complete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) counts: serde_json::Value,
    pub(crate) findings: usize,
    pub(crate) phases: Vec<PhaseTime>,
}

impl From<RunEntry> for JournalLine {
    fn from(run: RunEntry) -> Self {
        Self {
            counts: serde_json::from_str(&run.counts.to_text()).unwrap_or_default(),
            findings: run.findings.len(),
            run_id: run.run_id,
            trigger: run.trigger,
            started_at: run.started_at,
            finished_at: run.finished_at,
            outcome: run.outcome,
            complete: run.complete,
            error: run.error,
            phases: run.phases,
        }
    }
}

/// A run that has no place in a journal.
impl From<RunRecord> for JournalLine {
    fn from(record: RunRecord) -> Self {
        Self {
            counts: serde_json::to_value(record.counts).unwrap_or_default(),
            complete: record.outcome == "complete",
            error: record.errors.into_iter().next(),
            run_id: record.run_id,
            trigger: Some(record.trigger.to_owned()),
            started_at: record.started_at,
            finished_at: Some(record.finished_at),
            outcome: Some(record.outcome.to_owned()),
            findings: 0,
            phases: Vec::new(),
        }
    }
}

impl Board {
    /// The journal was found. What it tells of earlier processes is taken up
    /// once.
    pub(crate) fn journal_is_at(&self, place: JournalPlace) {
        let is_new = self.journal_place.get().is_none();
        self.journal_place.set(Some(place));
        if is_new && let Some(runs) = self.read_journal() {
            self.ledger.recall(&runs);
            self.measurements.recall(&runs);
            self.show_journal(runs);
        }
    }

    /// A run is over: the journal tells of it, whatever it came to.
    pub(crate) fn journal_tells_of(&self, run: &RunRecord, settings: &Settings) {
        let place = self.journal_place.get();
        let Some(place) = place.as_ref() else { return };
        if let Err(error) = place.close_page(run, settings) {
            tracing::warn!(run_id = run.run_id, %error, "the journal could not be written");
        }
        if let Some(runs) = self.read_journal() {
            self.show_journal(runs);
        }
    }

    fn read_journal(&self) -> Option<Vec<RunEntry>> {
        let place = self.journal_place.get();
        match place.as_ref().as_ref()?.runs(SHOWN) {
            Ok(runs) => Some(runs),
            Err(error) => {
                tracing::warn!(%error, "the journal could not be read");
                None
            }
        }
    }

    fn show_journal(&self, runs: Vec<RunEntry>) {
        self.journal.set(runs.into_iter().map(JournalLine::from).collect());
    }
}
