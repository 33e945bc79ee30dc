//! One run of the daemon: everything is opened anew but manifests and scripts,
//! so that a new certificate, a rotated secret or a changed catalog is in force
//! without a word.

use std::sync::Arc;

use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::{
    Filter, Order, Round, RoundFailure, RunRecord, RunReport, Schedule, Terms, Trigger,
};
use tracing::Instrument as _;

use super::board::Board;
use super::metrics::RequestMeasurements;
use super::notify::ServiceManager;
use super::reload::Setup;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{Access, Halt, Workbench};

/// Makes the daemon's runs.
pub(crate) struct DaemonRound {
    pub(crate) setup: Arc<Setup>,
    pub(crate) board: Arc<Board>,
    pub(crate) manager: Arc<ServiceManager>,
}

/// How runs are made by these settings.
fn terms(settings: &Settings) -> Terms {
    let schedule = Schedule::new(settings.duration(keys::INTERVAL), settings.duration(keys::JITTER));
    Terms {
        schedule: settings.boolean(keys::ENABLED).then_some(schedule),
        retry_delay: settings.duration(keys::RETRY_DELAY),
        time_limit: settings.duration(keys::RUN_TIMEOUT),
        grace: settings.duration(keys::SHUTDOWN_TIMEOUT),
    }
}

impl DaemonRound {
    async fn reconcile(&self, order: Order) -> Result<RunReport, Failure> {
        if order.trigger == Trigger::Forced {
            self.setup.forget_manifests();
        }
        let (settings, mut kept) = self.setup.kept()?;
        kept.observer = Some(Arc::new(RequestMeasurements(Arc::clone(&self.board.measurements))));
        let journal = Arc::clone(&kept.journal);
        let mut output = Output::to_log();
        let halt = Halt { stop: &order.stop, abort: &order.abort };
        let opening =
            Workbench::open_with(&settings, Access::Write, Filter::default(), kept, halt, &mut output);
        let opened = tokio::select! {
            biased;
            () = order.stop.cancelled() => Err(Failure::interrupted()),
            bench = opening => bench,
        };
        // Also what could not be opened has its place in the journal.
        if let Some(place) = journal.get() {
            self.board.journal_is_at(place.clone()).await;
        }
        let mut bench = opened?;
        let progress = Arc::clone(&self.board.reached);
        bench.made_by(order.run_id, order.trigger, progress);
        Ok(bench.reconciler().run().await?)
    }
}

impl Round for DaemonRound {
    fn terms(&self) -> Terms {
        terms(&self.setup.settings())
    }

    async fn run(&self, order: Order) -> Result<RunReport, RoundFailure> {
        let (run_id, trigger) = (order.run_id.clone(), order.trigger.name());
        tracing::info!(run_id, trigger, "a run begins");
        self.manager.status(&format!("run {run_id} ({trigger}) is under way"));
        let span = tracing::info_span!("run", run_id);
        self.reconcile(order).instrument(span).await.map_err(|failure| RoundFailure {
            outcome: match failure.exit() {
                Exit::Refused => "refused",
                Exit::Interrupted => "interrupted",
                _ => "failed",
            },
            message: failure.in_one_line(),
        })
    }

    fn over(&self, record: &RunRecord, report: Option<RunReport>) {
        // Who hears of the end finds what came of it.
        self.board.journal_tells_of(record, &self.setup.settings());
        self.board.measurements.record_run(record, report.as_ref());
        self.board.measurements.record_cache(self.setup.cache_lookups());
        if report.is_some() {
            self.board.report.set(report);
        }
        let RunRecord { run_id, trigger, outcome, .. } = record;
        let seconds = record.duration.as_secs_f64();
        let first = record.errors.first().map(String::as_str).unwrap_or_default();
        match &record.counts {
            // Who stopped it knows.
            None if *outcome == "interrupted" && self.board.is_stopping() => {
                tracing::warn!(run_id, trigger, outcome, seconds, "a run was interrupted: {first}");
            }
            None => tracing::error!(run_id, trigger, outcome, seconds, "a run failed: {first}"),
            Some(counts) => {
                let (deployments, matched, review) = (counts.deployments, counts.matched, counts.review);
                let (changed, unchanged, failed) = (counts.changed, counts.unchanged, counts.failed);
                tracing::info!(
                    run_id,
                    trigger,
                    outcome,
                    seconds,
                    deployments,
                    matched,
                    review,
                    unmatched = counts.unmatched,
                    changed,
                    unchanged,
                    skipped = counts.skipped,
                    conflicted = counts.conflicted,
                    failed,
                    writes = counts.writes,
                    backups = counts.backups,
                    "a run ended"
                );
                for message in &record.errors {
                    tracing::warn!(run_id, "{message}");
                }
                let more = record.error_count.saturating_sub(record.errors.len());
                if more > 0 {
                    tracing::warn!(
                        run_id,
                        more,
                        "and more of the kind; `reconciler status` shows where to look"
                    );
                }
            }
        }
        let told = match &record.counts {
            None => format!("the last run {}: {first}", record.told()),
            Some(counts) => format!(
                "the last run was {outcome}: {} deployments, {} matched, {} changed",
                counts.deployments, counts.matched, counts.changed
            ),
        };
        self.manager.status(&told);
    }
}
