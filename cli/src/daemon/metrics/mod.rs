//! What the daemon measures, as text for Prometheus: the eight names that
//! Blacksmith's operators know, and more under the same prefix.
//!
//! Labels come from closed sets. No deployment, instance or path is ever one:
//! a fleet of thousands would make as many series, and names are nobody's
//! business who only watches.

mod account;
mod requests;
mod runs;
mod text;

use std::fmt;
use std::sync::Arc;

use crate::wiring::{Observation, RequestObserver};
use chrono::{DateTime, Utc};
use prometheus_client::registry::Registry;
use reconciler_core::manager::{Metrics, RunRecord, RunReport};
use reconciler_core::ports::RunSummary;
use reconciler_core::scanner::CacheLookups;

use self::requests::RequestFamilies;
use self::runs::RunFamilies;

pub(crate) use self::text::MEDIA_TYPE;

/// What all names begin with.
const PREFIX: &str = "blacksmith_reconciler";

/// The measurements of this process.
pub(crate) struct Measurements {
    registry: Registry,
    requests: RequestFamilies,
    runs: RunFamilies,
}

/// What is measured at the moment that somebody looks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment {
    /// Whether a run is under way.
    pub(crate) is_running: bool,
    /// Whether changed settings were refused, and the old ones are in force.
    pub(crate) is_configuration_refused: bool,
    /// Whether changed scripts were refused.
    pub(crate) are_scripts_refused: bool,
}

impl Measurements {
    /// Nothing is measured yet. The age of the last complete scan counts from
    /// now until there is one.
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let requests = RequestFamilies::register(&mut registry);
        let runs = RunFamilies::register(&mut registry, now);
        Self { registry, requests, runs }
    }

    /// A run is over, whatever it came to.
    pub(crate) fn record_run(&self, record: &RunRecord, report: Option<&RunReport>) {
        self.runs.record(record, report);
    }

    /// Settings that changed were taken over, or not.
    pub(crate) fn record_configuration(&self, is_taken_over: bool) {
        self.runs.record_reload("configuration", is_taken_over);
    }

    /// Scripts that changed were taken over, or not.
    pub(crate) fn record_scripts(&self, is_taken_over: bool) {
        self.runs.record_reload("scripts", is_taken_over);
    }

    /// Takes up from the journal, newest first, when the last complete run ended.
    pub(crate) fn recall(&self, journal: &[RunSummary]) {
        let complete = journal.iter().find(|run| run.complete);
        if let Some(ended) = complete.and_then(|run| run.finished_at) {
            self.runs.last_complete_ended(ended);
        }
    }

    /// How often manifests were found in the cache, since it was made.
    pub(crate) fn record_cache(&self, lookups: CacheLookups) {
        self.runs.record_cache(lookups);
    }

    /// All of it as text.
    pub(crate) fn exposition(&self, account: &Metrics, moment: Moment, now: DateTime<Utc>) -> String {
        self.runs.set(moment, now);
        let mut text = account::exposition(account);
        text.push_str(&text::of(&self.registry));
        text
    }
}

/// As somebody who is told of requests.
#[derive(Clone)]
pub(crate) struct RequestMeasurements(pub(crate) Arc<Measurements>);

impl RequestObserver for RequestMeasurements {
    fn observe(&self, observation: &Observation) {
        self.0.requests.record(observation);
    }
}

impl fmt::Debug for RequestMeasurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestMeasurements")
    }
}

/// The numbers change while one looks.
impl fmt::Debug for Measurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Measurements")
    }
}

#[cfg(test)]
mod observability_tests;
#[cfg(test)]
mod tests;
