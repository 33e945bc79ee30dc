//! One run.

use std::fmt;
use std::sync::Arc;

use super::filter::Filter;
use super::progress::{Phase, Progress};
use super::report::RunReport;
use super::survey::Survey;
use super::writer::Writer;
use crate::manifest::Deployment;
use crate::matching::{Decision, Facts, MatchEngine, Suspensions, settle_claims};
use crate::model::{Catalog, Index, JsonObject, layout};
use crate::ports::{Clock, Director, PortError, PortErrorKind, RunEntry, RunState, SecretStore, Slot};
use crate::scanner::Scanner;
use crate::updater::{Finding, Stamp};

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Something outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A guard stopped the run before it wrote anything.
    #[error("refused: {reason}")]
    Refused {
        /// What was seen, and what was expected.
        reason: String,
        /// What to do.
        advice: String,
    },
}

/// How a run is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunOptions {
    /// Whether nothing may be written.
    pub dry_run: bool,
    /// How many deployments are decided at once; a unit of progress.
    pub batch_size: usize,
    /// How many requests of one kind are open at once.
    pub concurrency: usize,
    /// What is written and shown.
    pub filter: Filter,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { dry_run: false, batch_size: 10, concurrency: 5, filter: Filter::default() }
    }
}

/// Brings the records of one Director's instances into line.
pub struct Reconciler<'a> {
    /// What is scanned.
    pub director: &'a dyn Director,
    /// Where the records are.
    pub store: &'a dyn SecretStore,
    /// What must be remembered between runs; without it, nothing is.
    pub state: Option<&'a dyn RunState>,
    /// The services and plans there are.
    pub catalog: Arc<Catalog>,
    /// What decides.
    pub engine: Arc<MatchEngine>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Is told how far the run is.
    pub progress: &'a dyn Progress,
    /// How the run is made.
    pub options: RunOptions,
}

impl fmt::Debug for Reconciler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciler")
            .field("director", &self.director.address())
            .field("store", &self.store.address())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Reconciler<'_> {
    /// Scans the Director and decides every deployment. Writes nothing.
    ///
    /// # Errors
    /// If the Director's list or the index cannot be read, or a guard refuses.
    pub async fn survey(&self) -> Result<Survey, RunError> {
        let scanner = Scanner::new(self.director, self.options.concurrency);
        let mut scan = scanner.list().await?;
        let index_slot = self.store.read(layout::INDEX).await?;
        self.guard_index(&index_slot)?;
        let index = index_slot.data().map(Index::from_object).unwrap_or_default();
        tracing::debug!(
            director = scan.info.uuid,
            deployments = scan.summaries.len(),
            entries = index.len(),
            index_version = index_slot.version().0,
            "read the Director's list and the index"
        );
        let facts = Facts::new(Arc::clone(&self.catalog), index, scan.statistics.clone());

        self.progress.begin(Phase::Decide, scan.summaries.len());
        let mut decisions = Vec::with_capacity(scan.summaries.len());
        let mut findings = Vec::new();
        let mut suspensions = Suspensions::default();
        for batch in scan.summaries.chunks(self.options.batch_size.max(1)) {
            let deployments = scanner.manifests(batch, &mut scan.completeness.gaps).await;
            let (decided, notices) = self.decide_batch(deployments, facts.clone(), &mut suspensions).await?;
            decisions.extend(decided);
            findings.extend(notices);
            tracing::debug!(deployments = decisions.len(), "decided a batch");
            self.progress.advance(batch.len());
        }
        self.progress.end();
        settle_claims(&mut decisions);
        let mut survey = Survey { scan, index_slot, facts, decisions, findings, unknown: Vec::new() };
        survey.findings.extend(survey.absent_entries());
        survey.findings.extend(survey.fits_nothing(&self.options.filter));
        survey.unknown = survey.what_is_unknown(self.director);
        tracing::debug!(counts = ?survey.counts(), unknown = survey.unknown.len(), "decided");
        Ok(survey)
    }

    /// Decides away from the async threads: it is work for the processor, and
    /// must not hold up those that wait for answers.
    async fn decide_batch(
        &self,
        deployments: Vec<Deployment>,
        facts: Facts,
        suspensions: &mut Suspensions,
    ) -> Result<(Vec<Decision>, Vec<Finding>), RunError> {
        let engine = Arc::clone(&self.engine);
        let mut so_far = std::mem::take(suspensions);
        let work = tokio::task::spawn_blocking(move || {
            let decisions = engine.decide_next(&deployments, &facts, &mut so_far);
            (decisions, deployments.iter().flat_map(notices).collect(), so_far)
        });
        match work.await {
            Ok((decisions, findings, so_far)) => {
                *suspensions = so_far;
                Ok((decisions, findings))
            }
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => {
                    let error =
                        PortError::new(PortErrorKind::Cancelled, "decide", "", "the program is ending");
                    Err(error.into())
                }
            },
        }
    }

    /// Scans, decides, and brings the records into line.
    ///
    /// # Errors
    /// Those of [`survey`](Self::survey), and if the unfinished tasks of the
    /// Director cannot be read. One instance's failure is its own: it is in the
    /// report.
    pub async fn run(&self) -> Result<RunReport, RunError> {
        let stamp = Stamp { at: self.clock.now() };
        let survey = self.survey().await?;
        let tasks = self.director.tasks_in_flight().await?;
        let writer = Writer::new(self, &survey, &tasks, stamp);
        let mut report = writer.write().await;
        if let Err(error) = self.remember(stamp, &report) {
            // What was written stands, and must be told all the same.
            report.not_remembered(&error);
        }
        Ok(report)
    }

    /// An index that was there and reads as absent or empty is an accident, not
    /// a start.
    fn guard_index(&self, slot: &Slot) -> Result<(), RunError> {
        let Some(state) = self.state else {
            return Ok(());
        };
        let vacant = slot.data().is_none();
        match state.index_size()? {
            Some(size) if size > 0 && slot.data().is_none_or(JsonObject::is_empty) => {
                Err(RunError::Refused {
                    reason: format!(
                        "the index `{}` in {} {}, but the last run saw {size} entries",
                        layout::INDEX,
                        self.store.address(),
                        if vacant { "is not there" } else { "is empty" },
                    ),
                    advice: format!(
                        "find out who removed it and restore it; for a new store use another state file than {}",
                        state.address()
                    ),
                })
            }
            _ => Ok(()),
        }
    }

    /// Notes in the state what the next run must know. A dry run leaves no
    /// trace.
    fn remember(&self, stamp: Stamp, report: &RunReport) -> Result<(), PortError> {
        let Some(state) = self.state.filter(|_| !self.options.dry_run) else {
            return Ok(());
        };
        if let Some(members) = report.index_members {
            state.set_index_size(members as u64)?;
        }
        state.record_run(&RunEntry {
            run_id: report.run_id.clone(),
            started_at: stamp.at,
            finished_at: Some(self.clock.now()),
            outcome: Some(report.outcome().to_owned()),
            complete: report.complete,
            counts: json_object(&report.counts),
            findings: report.findings.iter().map(json_object).collect(),
        })
    }
}

fn json_object(value: &impl serde::Serialize) -> JsonObject {
    JsonObject::parse(crate::model::json::raw(value).get()).unwrap_or_default()
}

/// What is odd about a manifest without harming the decision.
fn notices(deployment: &Deployment) -> Vec<Finding> {
    // A manifest that nobody parsed has nothing to say.
    if !deployment.manifest.is_parsed() {
        return Vec::new();
    }
    let name = &deployment.summary.name;
    deployment
        .manifest
        .notices()
        .map(|notice| Finding::new("manifest.notice", name, notice.to_string()))
        .collect()
}
