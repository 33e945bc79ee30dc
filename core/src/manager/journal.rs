//! Writes a run into the journal: at its start, so that one that was killed
//! shows as unfinished, and at its end.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use super::laps::phase_times;
use super::report::{Counts, RunReport};
use super::run::{Reconciler, RunError};
use super::status::RunRecord;
use crate::matching::{Decision, Degradation, Outcome, Rules};
use crate::model::JsonObject;
use crate::ports::{DecisionEntry, FailureEntry, PortError, RunEntry, RunState};
use crate::scanner::Shortfall;
use crate::updater::Finding;

/// How many findings of one run are kept. Where there are more, one cause has
/// most of them, and the run's counts say how many there were.
const FINDINGS_KEPT: usize = 200;

/// What a run counted, and how many findings it had.
#[derive(Serialize)]
struct Counted {
    #[serde(flatten)]
    counts: Counts,
    findings: usize,
}

/// How much the journal keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalBounds {
    /// How many runs, at most.
    pub runs: usize,
    /// For how long, at most.
    pub age: Duration,
}

impl Default for JournalBounds {
    fn default() -> Self {
        Self { runs: 1_000, age: Duration::days(30) }
    }
}

impl RunError {
    /// How the run ended, in one word: `refused`, `interrupted` or `failed`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Interrupted { .. } => "interrupted",
            Self::Port(_) => "failed",
        }
    }
}

/// One run's place in the journal.
pub(super) struct JournalPage<'a> {
    state: &'a dyn RunState,
    entry: RunEntry,
    /// What it decides by.
    rules: Rules,
    bounds: JournalBounds,
}

impl<'a> JournalPage<'a> {
    /// Begins the page of a run; a run that writes nothing has none.
    pub(super) fn begin(run: &'a Reconciler<'_>, run_id: &str, at: DateTime<Utc>) -> Option<Self> {
        let state = run.state.filter(|_| !run.options.dry_run)?;
        let entry = RunEntry {
            run_id: run_id.to_owned(),
            trigger: Some(run.options.trigger.to_string()),
            started_at: at,
            finished_at: None,
            outcome: None,
            complete: false,
            error: None,
            chain: Some(run.engine.fingerprint().to_string()),
            index: None,
            phases: Vec::new(),
            counts: JsonObject::new(),
            findings: Vec::new(),
        };
        let page = Self { state, entry, rules: Rules::of(&run.engine), bounds: run.options.journal };
        if let Err(error) = page.state.record_run(&page.entry) {
            // What the run does is worth more than its page; the end says it.
            tracing::warn!(%error, "the journal could not be written");
        }
        Some(page)
    }

    /// The run came to its end.
    pub(super) fn finish(mut self, report: &RunReport, at: DateTime<Utc>) -> Result<(), PortError> {
        self.entry.finished_at = Some(at);
        self.entry.outcome = Some(report.outcome().to_owned());
        self.entry.complete = report.complete;
        self.entry.phases = phase_times(&report.phases);
        (self.entry.counts, self.entry.findings) = told(report.counts, &report.findings);
        self.entry.error = report.errors().next();
        self.entry.index = Some(report.index.clone());
        self.state.record_run(&self.entry)?;
        let decisions: Vec<DecisionEntry> = report.decisions.iter().map(decision_entry).collect();
        self.state.record_decisions(&self.entry.run_id, &decisions)?;
        self.state.record_rules(&self.rules.chain, &json_object(&self.rules))?;
        let apart = report.findings.iter().any(|finding| finding.code == Shortfall::CLOCKS_APART);
        self.bounds.prune(self.state, (!apart).then_some(at))
    }

    /// The run could not be made.
    pub(super) fn fail(mut self, error: &RunError, at: DateTime<Utc>) {
        self.entry.finished_at = Some(at);
        self.entry.outcome = Some(error.outcome().to_owned());
        self.entry.error = Some(error.to_string());
        if let Err(error) =
            self.state.record_run(&self.entry).and_then(|()| self.bounds.prune(self.state, None))
        {
            tracing::warn!(%error, "the journal could not be written");
        }
    }
}

/// What a run counted, and the first of its findings.
fn told(counts: Counts, findings: &[Finding]) -> (JsonObject, Vec<JsonObject>) {
    let kept = findings.iter().take(FINDINGS_KEPT).map(json_object).collect();
    (json_object(&Counted { counts, findings: findings.len() }), kept)
}

impl JournalBounds {
    /// Removes what is too much, and what is too old by a time that the
    /// Director's clock does not contradict: a wrong one would empty the journal.
    fn prune(self, state: &dyn RunState, believed: Option<DateTime<Utc>>) -> Result<(), PortError> {
        let oldest = believed.and_then(|at| at.checked_sub_signed(self.age));
        let oldest = oldest.unwrap_or(DateTime::<Utc>::MIN_UTC);
        state.prune_runs(self.runs.max(1), oldest).map(drop)
    }
}

/// Has the journal tell what became of a run, also of one that could not do so
/// itself: it failed before it had a page, was ended before its page was
/// finished, or does not know why it was stopped.
///
/// # Errors
/// If the state cannot be read or written.
pub fn close_page(state: &dyn RunState, run: &RunRecord, bounds: JournalBounds) -> Result<(), PortError> {
    let begun = state.run(&run.run_id)?;
    let page = begun.clone().unwrap_or_else(|| RunEntry {
        run_id: run.run_id.clone(),
        trigger: Some(run.trigger.to_owned()),
        started_at: run.started_at,
        finished_at: None,
        outcome: None,
        complete: false,
        error: None,
        chain: None,
        index: None,
        phases: Vec::new(),
        counts: JsonObject::new(),
        findings: Vec::new(),
    });
    // The page begins when all is open: the run began before.
    let (started_at, finished_at) = (run.started_at, Some(run.finished_at));
    let (outcome, error) = (Some(run.outcome.to_owned()), run.errors.first().cloned());
    let closed = RunEntry { started_at, finished_at, outcome, error, ..page };
    if begun.as_ref() == Some(&closed) {
        return Ok(());
    }
    state.record_run(&closed)?;
    bounds.prune(state, None)
}

/// A decision in few words, as the journal keeps it.
#[must_use]
pub fn decision_entry(decision: &Decision) -> DecisionEntry {
    let best = decision.winner().or_else(|| decision.leader());
    let reason = match &decision.outcome {
        Outcome::Review(reason) => Some(reason.name().to_owned()),
        _ => None,
    };
    DecisionEntry {
        deployment: decision.deployment.to_string(),
        outcome: decision.outcome.name().to_owned(),
        reason,
        instance: best.map(|ranked| ranked.identity.instance.to_string()),
        service: best.map(|ranked| ranked.identity.service.to_string()),
        plan: best.map(|ranked| ranked.identity.plan.to_string()),
        confidence: best.map(|ranked| f64::from(ranked.confidence.as_per_mille()) / 1_000.0),
        strategies: best
            .map(|ranked| ranked.strategies.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        degraded: decision.is_degraded(),
        degraded_by: decision.degradations.iter().map(failure_entry).collect(),
    }
}

fn failure_entry(degradation: &Degradation) -> FailureEntry {
    FailureEntry { by: degradation.by().to_owned(), code: degradation.code().to_owned() }
}

fn json_object(value: &impl serde::Serialize) -> JsonObject {
    JsonObject::parse(crate::model::json::raw(value).get()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_the_first_findings_and_how_many_there_were() {
        let found = |number: usize| Finding::new("stray", number.to_string(), "is nobody's".to_owned());
        for (count, kept) in [(0, 0), (FINDINGS_KEPT, FINDINGS_KEPT), (FINDINGS_KEPT + 1_800, FINDINGS_KEPT)]
        {
            let findings: Vec<Finding> = (0..count).map(found).collect();
            let (counts, findings) = told(Counts::default(), &findings);
            assert_eq!(findings.len(), kept);
            assert_eq!(counts.raw("findings").unwrap().get(), count.to_string());
            assert!(counts.raw("deployments").is_some());
        }
    }
}
