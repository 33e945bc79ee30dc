//! What became of the runs of this process, in numbers and in words.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::report::{Counts, RunReport};
use super::trigger::Trigger;
use crate::ports::RunSummary;

/// How many errors, and how many runs, are kept in memory.
const RECENT: usize = 50;
/// How many errors of one run are kept.
const OF_ONE_RUN: usize = 10;

/// What the reconciler is doing, and what its last run came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// Whether a run is under way.
    pub running: bool,
    /// When the last run that ended had started.
    pub last_run_time: Option<DateTime<Utc>>,
    /// How long it took.
    #[serde(rename = "last_run_duration_seconds", serialize_with = "seconds_or_none")]
    pub last_run_duration: Option<Duration>,
    /// Instances that the last run that got so far found a deployment for.
    pub instances_found: usize,
    /// Instances whose records it left in line.
    pub instances_synced: usize,
    /// What went wrong in the last run; empty if nothing did.
    pub errors: Vec<String>,
}

/// Counts over all runs of this process.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metrics {
    /// Runs that ended.
    pub total_runs: u64,
    /// Of them those that came to a report, also an incomplete one.
    pub successful_runs: u64,
    /// Of them those that came to none.
    pub failed_runs: u64,
    /// The time of all of them.
    #[serde(rename = "total_duration_seconds", serialize_with = "seconds")]
    pub total_duration: Duration,
    /// The time of one, on average.
    #[serde(rename = "average_duration_seconds", serialize_with = "seconds")]
    pub average_duration: Duration,
    /// The time of the last one.
    #[serde(rename = "last_run_duration_seconds", serialize_with = "seconds")]
    pub last_run_duration: Duration,
    /// Deployments that were looked at, added up over the runs.
    pub total_deployments: u64,
    /// Instances that a deployment was found for, added up.
    pub total_instances_found: u64,
    /// Instances whose records were in line in the end, added up.
    pub total_instances_synced: u64,
    /// Errors, added up: each run that failed or was stopped, each instance that could not be
    /// written, each deployment that could not be seen.
    pub total_errors: u64,
    /// The latest errors, newest first.
    pub recent_errors: VecDeque<RecentError>,
}

/// An error with its place in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentError {
    /// When the run ended.
    pub at: DateTime<Utc>,
    /// The run.
    pub run_id: String,
    /// What went wrong.
    pub message: String,
}

/// One run that ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunRecord {
    /// The run's own id.
    pub run_id: String,
    /// What began it.
    pub trigger: &'static str,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How long it took.
    #[serde(rename = "duration_seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// How it ended, in one word: `complete`, `incomplete`, or why it failed.
    pub outcome: &'static str,
    /// How many of each kind there were; nothing if it failed.
    pub counts: Option<Counts>,
    /// How many errors there were.
    pub error_count: usize,
    /// The first of them.
    pub errors: Vec<String>,
}

impl RunRecord {
    /// How it ended, in words that stand behind "the last run".
    #[must_use]
    pub fn told(&self) -> String {
        if self.outcome == "failed" { "failed".to_owned() } else { format!("was {}", self.outcome) }
    }

    /// A run that came to a report.
    #[must_use]
    pub fn of(report: &RunReport, begun: &Begun, finished_at: DateTime<Utc>, duration: Duration) -> Self {
        Self {
            outcome: report.outcome(),
            counts: Some(report.counts),
            error_count: report.errors().count(),
            errors: report.errors().take(OF_ONE_RUN).collect(),
            ..Self::failed("", String::new(), begun, finished_at, duration)
        }
    }

    /// A run that came to none.
    #[must_use]
    pub fn failed(
        outcome: &'static str,
        message: String,
        begun: &Begun,
        finished_at: DateTime<Utc>,
        duration: Duration,
    ) -> Self {
        Self {
            run_id: begun.run_id.clone(),
            trigger: begun.trigger.name(),
            started_at: begun.started_at,
            finished_at,
            duration,
            outcome,
            counts: None,
            error_count: 1,
            errors: vec![message],
        }
    }

    /// Whether it came to no report.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.counts.is_none()
    }
}

/// A run that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The run's own id.
    pub run_id: String,
    /// What began it.
    pub trigger: Trigger,
    /// When it started.
    pub started_at: DateTime<Utc>,
}

/// Keeps account of the runs of this process. Whoever asks never waits for a
/// run.
#[derive(Debug, Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    under_way: Option<Begun>,
    status: Status,
    metrics: Metrics,
    runs: VecDeque<RunRecord>,
}

impl Ledger {
    /// What the reconciler is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.with(|inner| Status { running: inner.under_way.is_some(), ..inner.status.clone() })
    }

    /// Takes up what the journal tells of runs before this process, newest first:
    /// how the last one went. The counts over all runs begin anew, as counters
    /// do; and once a run has ended here, nothing is taken up any more.
    pub fn recall(&self, journal: &[RunSummary]) {
        self.with(|inner| {
            if inner.metrics.total_runs == 0 {
                inner.status.recall(journal);
            }
        });
    }

    /// The counts over all runs.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.with(|inner| inner.metrics.clone())
    }

    /// The run that is under way, if one is.
    #[must_use]
    pub fn under_way(&self) -> Option<Begun> {
        self.with(|inner| inner.under_way.clone())
    }

    /// The latest runs, newest first.
    #[must_use]
    pub fn runs(&self) -> Vec<RunRecord> {
        self.with(|inner| inner.runs.iter().cloned().collect())
    }

    /// A run begins.
    pub fn begin(&self, begun: Begun) {
        self.with(|inner| inner.under_way = Some(begun));
    }

    /// The run is over.
    pub fn end(&self, record: RunRecord) {
        self.with(|inner| inner.end(record));
    }

    /// A panic elsewhere cannot leave the account half changed.
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Status {
    fn recall(&mut self, journal: &[RunSummary]) {
        let ended = || journal.iter().filter(|run| run.finished_at.is_some());
        if let Some(last) = ended().next() {
            self.last_run_time = Some(last.started_at);
            self.last_run_duration = last.finished_at.and_then(|end| (end - last.started_at).to_std().ok());
            self.errors = last.error.iter().cloned().collect();
        }
        if let Some(reported) = ended().find(|run| !run.counts.is_empty()) {
            let count = |name: &str| {
                let text = reported.counts.raw(name).map(RawValue::get);
                text.and_then(|text| text.parse().ok()).unwrap_or(0_usize)
            };
            self.instances_found = count("matched");
            self.instances_synced = count("changed") + count("unchanged");
        }
    }
}

impl Inner {
    fn end(&mut self, record: RunRecord) {
        self.under_way = None;
        let status = &mut self.status;
        status.last_run_time = Some(record.started_at);
        status.last_run_duration = Some(record.duration);
        status.errors.clone_from(&record.errors);
        let metrics = &mut self.metrics;
        metrics.total_runs += 1;
        metrics.total_duration += record.duration;
        metrics.average_duration =
            metrics.total_duration / u32::try_from(metrics.total_runs).unwrap_or(u32::MAX);
        metrics.last_run_duration = record.duration;
        metrics.total_errors += record.error_count as u64;
        match &record.counts {
            Some(counts) => {
                status.instances_found = counts.matched;
                status.instances_synced = counts.changed + counts.unchanged;
                metrics.successful_runs += 1;
                metrics.total_deployments += counts.deployments as u64;
                metrics.total_instances_found += status.instances_found as u64;
                metrics.total_instances_synced += status.instances_synced as u64;
            }
            None => metrics.failed_runs += 1,
        }
        for message in &record.errors {
            let (at, run_id) = (record.finished_at, record.run_id.clone());
            metrics.recent_errors.push_front(RecentError { at, run_id, message: message.clone() });
        }
        metrics.recent_errors.truncate(RECENT);
        self.runs.push_front(record);
        self.runs.truncate(RECENT);
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn seconds_or_none<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => seconds(duration, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
