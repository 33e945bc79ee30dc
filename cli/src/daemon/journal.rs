//! The journal as the daemon shows it: kept in memory, read once, when it is
//! known where it is. After each run that run's line is put in front.

use std::iter;

use chrono::{DateTime, Utc};
use reconciler_core::config::Settings;
use reconciler_core::manager::RunRecord;
use reconciler_core::ports::{PhaseTime, RunSummary};
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

impl From<RunSummary> for JournalLine {
    fn from(run: RunSummary) -> Self {
        Self {
            counts: serde_json::from_str(&run.counts.to_text()).unwrap_or_default(),
            findings: run.findings,
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
    /// once, away from this thread: a large file must not keep a signal waiting.
    pub(crate) async fn journal_is_at(&self, place: JournalPlace) {
        let is_new = self.journal_place.get().is_none();
        self.journal_place.set(Some(place.clone()));
        if !is_new {
            return;
        }
        let told = match tokio::task::spawn_blocking(move || place.runs(SHOWN)).await {
            Ok(Ok(runs)) => return self.recall(runs),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(error = told, "the journal could not be read");
    }

    fn recall(&self, runs: Vec<RunSummary>) {
        self.ledger.recall(&runs);
        self.measurements.recall(&runs);
        self.journal.set(runs.into_iter().map(JournalLine::from).collect());
    }

    /// A run is over: the journal tells of it, whatever it came to.
    pub(crate) fn journal_tells_of(&self, run: &RunRecord, settings: &Settings) {
        let place = self.journal_place.get();
        let Some(place) = place.as_ref() else { return };
        match place.close_page(run, settings) {
            Ok(told) => told.into_iter().for_each(|run| self.put_in_front(run.into())),
            Err(error) => tracing::warn!(run_id = run.run_id, %error, "the journal could not be written"),
        }
    }

    fn put_in_front(&self, line: JournalLine) {
        let known = self.journal.get();
        let others = known.iter().filter(|known| known.run_id != line.run_id).cloned();
        self.journal.set(iter::once(line.clone()).chain(others).take(SHOWN).collect());
    }
}
