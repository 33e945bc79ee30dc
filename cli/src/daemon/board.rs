//! What the daemon shows: the state of things in memory. Whoever looks never
//! waits for a run, and no run waits for who looks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use reconciler_core::config::Settings;
use reconciler_core::manager::{Ledger, Phase, Progress, Requests, RunReport};
use serde::Serialize;

use super::guard::Guard;
use super::journal::JournalLine;
use super::metrics::{Measurements, Moment};
use super::throttle::Throttle;
use crate::wiring::JournalPlace;

/// How far the run under way is.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    phase: RwLock<Option<Phase>>,
    done: AtomicUsize,
    of: AtomicUsize,
}

/// How far a run is, for a document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReachedView {
    phase: String,
    done: usize,
    of: usize,
}

impl Reached {
    pub(crate) fn view(&self) -> Option<ReachedView> {
        let phase = (*self.phase.read().unwrap_or_else(PoisonError::into_inner))?;
        Some(ReachedView {
            phase: phase.to_string(),
            done: self.done.load(Ordering::Relaxed),
            of: self.of.load(Ordering::Relaxed),
        })
    }

    fn set(&self, phase: Option<Phase>, of: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
        *self.phase.write().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

impl Progress for Reached {
    fn begin(&self, phase: Phase, steps: usize) {
        self.set(Some(phase), steps);
    }

    fn advance(&self, steps: usize) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    fn end(&self) {
        self.set(None, 0);
    }
}

/// A value that is replaced as a whole, behind a lock that is held for as long
/// as it takes to copy a pointer.
#[derive(Debug)]
pub(crate) struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

/// The state of things.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) requests: Requests,
    pub(crate) reached: Arc<Reached>,
    pub(crate) started_at: DateTime<Utc>,
    /// The report of the last run that came to one.
    pub(crate) report: Current<Option<RunReport>>,
    /// The journal's latest runs, newest first.
    pub(crate) journal: Current<Vec<JournalLine>>,
    /// Where the journal is, once that is known.
    pub(crate) journal_place: Current<Option<JournalPlace>>,
    pub(crate) settings: Current<Settings>,
    pub(crate) guard: Current<Guard>,
    /// Why the configuration was not taken over at the last reload.
    pub(crate) refused_configuration: Current<Option<String>>,
    /// Why the scripts were not taken over as they are now.
    pub(crate) refused_scripts: Current<Option<String>>,
    /// The strategies in the order of the chain, as JSON.
    pub(crate) strategies: Current<serde_json::Value>,
    /// What holds back the log's lines about requests that were refused.
    pub(crate) refusals: Throttle,
    /// What is measured over all runs.
    pub(crate) measurements: Arc<Measurements>,
    is_stopping: AtomicBool,
}

impl Board {
    pub(crate) fn new(settings: Settings, guard: Guard, strategies: serde_json::Value) -> Self {
        Self {
            ledger: Arc::default(),
            requests: Requests::default(),
            reached: Arc::default(),
            started_at: Utc::now(),
            report: Current::new(None),
            journal: Current::new(Vec::new()),
            journal_place: Current::new(None),
            settings: Current::new(settings),
            guard: Current::new(guard),
            refused_configuration: Current::new(None),
            refused_scripts: Current::new(None),
            strategies: Current::new(strategies),
            refusals: Throttle::default(),
            measurements: Arc::new(Measurements::new(Utc::now())),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// The measurements as text for Prometheus.
    pub(crate) fn exposition(&self) -> String {
        let moment = Moment {
            is_running: self.ledger.status().running,
            is_configuration_refused: self.refused_configuration.get().is_some(),
            are_scripts_refused: self.refused_scripts.get().is_some(),
        };
        self.measurements.exposition(&self.ledger.metrics(), moment, Utc::now())
    }

    pub(crate) fn stopping(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}
