//! The daemon's status as a document.

use chrono::{DateTime, SubsecRound as _, Utc};
use reconciler_core::config::keys;
use reconciler_core::manager::{RunRecord, Status};
use serde::Serialize;
use tokio::time::Instant;

use super::board::{Board, ReachedView};

/// What the daemon is doing.
#[derive(Debug, Serialize)]
pub(crate) struct StatusView {
    #[serde(flatten)]
    status: Status,
    /// The version of the program.
    version: &'static str,
    /// When the program started.
    started_at: DateTime<Utc>,
    enabled: bool,
    stopping: bool,
    /// The run that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_run: Option<CurrentRun>,
    /// The last run that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<RunRecord>,
    /// When the next run is due by the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_run_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    director: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    director_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    /// Why changed settings are not in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_configuration: Option<String>,
    /// Why changed scripts are not in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_scripts: Option<String>,
}

#[derive(Debug, Serialize)]
struct CurrentRun {
    run_id: String,
    trigger: &'static str,
    started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<ReachedView>,
}

impl StatusView {
    pub(crate) fn of(board: &Board) -> Self {
        let report = board.report.get();
        let report = report.as_ref().as_ref();
        let under_way = board.ledger.under_way();
        let current_run = under_way.map(|begun| CurrentRun {
            run_id: begun.run_id,
            trigger: begun.trigger.name(),
            started_at: begun.started_at,
            reached: board.reached.view(),
        });
        let due = board.requests.due().filter(|_| current_run.is_none());
        // Two clocks: what is told must not tremble.
        let next_run_at =
            due.map(|due| (Utc::now() + due.saturating_duration_since(Instant::now())).round_subsecs(0));
        Self {
            status: board.ledger.status(),
            version: env!("CARGO_PKG_VERSION"),
            started_at: board.started_at,
            enabled: board.settings.get().boolean(keys::ENABLED),
            stopping: board.is_stopping(),
            current_run,
            last_run: board.ledger.runs().into_iter().next(),
            next_run_at,
            director: report.map(|report| report.director.clone()),
            director_uuid: report.map(|report| report.director_uuid.clone()),
            store: report.map(|report| report.store.clone()),
            chain: report.map(|report| report.chain.clone()),
            refused_configuration: board.refused_configuration.get().as_ref().clone(),
            refused_scripts: board.refused_scripts.get().as_ref().clone(),
        }
    }
}

/// Whether the daemon does what it is for.
#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    reasons: Vec<String>,
}

impl Readiness {
    /// Leaves the reasons out.
    pub(crate) fn withhold(&mut self) {
        self.reasons.clear();
    }
}

/// Whether the daemon does what it is for, and why not, or what is odd.
pub(crate) fn readiness_of(board: &Board) -> Readiness {
    let mut against = Vec::new();
    let mut notes = Vec::new();
    if board.is_stopping() {
        against.push("it is stopping".to_owned());
    }
    if board.settings.get().boolean(keys::ENABLED) {
        match board.ledger.runs().first() {
            None => against.push("no run has come to its end yet".to_owned()),
            Some(last) if last.is_failed() => {
                let message = last.errors.first().map(String::as_str).unwrap_or_default();
                against.push(format!("the last run {}: {message}", last.told()));
            }
            Some(_) => {}
        }
    } else {
        notes.push("runs are switched off: `enabled` is false".to_owned());
    }
    if let Some(why) = board.refused_configuration.get().as_ref() {
        notes.push(format!("the configuration was not taken over: {why}"));
    }
    if let Some(why) = board.refused_scripts.get().as_ref() {
        notes.push(format!("the scripts were not taken over: {why}"));
    }
    let ready = against.is_empty();
    Readiness { ready, reasons: against.into_iter().chain(notes).collect() }
}
