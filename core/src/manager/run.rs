//! One run.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream::{self, StreamExt};

use super::filter::Filter;
use super::progress::{Phase, Progress};
use super::report::{Counts, FailedInstance, RunReport, Unknown};
use super::survey::Survey;
use crate::matching::{Decision, Facts, MatchEngine, settle_claims};
use crate::model::{Catalog, DeploymentName, DeploymentSummary, Index, JsonObject, layout};
use crate::ports::{Clock, Director, PortError, PortErrorKind, RunEntry, RunState, SecretStore, Slot};
use crate::scanner::Scanner;
use crate::synchronizer::write_index;
use crate::updater::{
    Change, Disposition, EntryChange, Finding, InstanceChange, Matched, Stamp, apply, decide_change,
};

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

/// What became of one instance.
struct Reconciled {
    deployment: DeploymentName,
    instance: String,
    writes: u32,
    result: Result<Disposition, PortError>,
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
        let facts = Facts::new(Arc::clone(&self.catalog), index, scan.statistics.clone());

        self.progress.begin(Phase::Decide, scan.summaries.len());
        let mut decisions = Vec::with_capacity(scan.summaries.len());
        let mut findings = Vec::new();
        for batch in scan.summaries.chunks(self.options.batch_size.max(1)) {
            let deployments = scanner.manifests(batch, &mut scan.completeness.gaps).await;
            let (engine, facts) = (Arc::clone(&self.engine), facts.clone());
            // Deciding is work for the processor: it must not hold up the
            // threads that wait for answers.
            let decided = tokio::task::spawn_blocking(move || {
                let decisions = engine.decide_each(&deployments, &facts);
                let notices: Vec<Finding> = deployments.iter().flat_map(notices).collect();
                (decisions, notices)
            });
            let (decided, notices) = match decided.await {
                Ok(decided) => decided,
                Err(stopped) => match stopped.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => return Err(cancelled().into()),
                },
            };
            decisions.extend(decided);
            findings.extend(notices);
            self.progress.advance(batch.len());
        }
        self.progress.end();
        settle_claims(&mut decisions);
        let mut survey = Survey { scan, index_slot, facts, decisions, findings };
        survey.findings.extend(survey.absent_entries());
        Ok(survey)
    }

    /// Scans, decides, and brings the records into line.
    ///
    /// # Errors
    /// Those of [`survey`](Self::survey), and if the unfinished tasks of the
    /// Director cannot be read. One instance's failure is its own: it is in the
    /// report.
    pub async fn run(&self) -> Result<RunReport, RunError> {
        let stamp = Stamp { at: self.clock.now() };
        let run_id = run_id(stamp.at);
        self.journal(&run_id, stamp, None)?;
        let mut survey = self.survey().await?;
        let busy: HashSet<String> =
            self.director.tasks_in_flight().await?.into_iter().filter_map(|task| task.deployment).collect();

        let matched: Vec<(&Decision, &DeploymentSummary)> = survey
            .decisions
            .iter()
            .zip(&survey.scan.summaries)
            .filter(|(decision, _)| decision.identity().is_some())
            .collect();
        let wanted: Vec<_> =
            matched.iter().copied().filter(|(decision, _)| self.options.filter.admits(decision)).collect();
        let filtered = matched.len() - wanted.len();
        self.progress.begin(Phase::Reconcile, wanted.len());
        let reconciled: Vec<Reconciled> = stream::iter(wanted)
            .map(|(decision, summary)| {
                let in_flight = summary.locked || busy.contains(summary.name.as_str());
                self.reconcile(&survey, decision, summary, in_flight, stamp)
            })
            .buffered(self.options.concurrency.max(1))
            .inspect(|_| self.progress.advance(1))
            .collect()
            .await;
        self.progress.end();

        let mut outcome = Outcomes::default();
        for one in reconciled {
            outcome.count(one);
        }
        let index_slot = std::mem::replace(&mut survey.index_slot, Slot::Vacant { version: crate::ports::Version::NEVER });
        self.synchronise(index_slot, &mut outcome).await?;
        let report = self.report(run_id, stamp, &survey, outcome, filtered);
        self.journal(&report.run_id, stamp, Some(&report))?;
        Ok(report)
    }

    /// An index that was there and reads as absent is an accident, not a start.
    fn guard_index(&self, slot: &Slot) -> Result<(), RunError> {
        let Some(state) = self.state else { return Ok(()) };
        match (slot.data(), state.index_size()?) {
            (None, Some(size)) if size > 0 => Err(RunError::Refused {
                reason: format!("the index `{}` is not there, but the last run saw {size} entries", layout::INDEX),
                advice: format!(
                    "find out who removed it and restore it; if this is a new store, use another --state than {}",
                    state.address()
                ),
            }),
            _ => Ok(()),
        }
    }

    async fn reconcile(
        &self,
        survey: &Survey,
        decision: &Decision,
        summary: &DeploymentSummary,
        in_flight: bool,
        stamp: Stamp,
    ) -> Reconciled {
        let instance = decision.identity().map(|identity| identity.instance.clone());
        let mut reconciled = Reconciled {
            deployment: summary.name.clone(),
            instance: instance.as_ref().map(ToString::to_string).unwrap_or_default(),
            writes: 0,
            result: Err(cancelled()),
        };
        let Some(instance) = instance else { return reconciled };
        let mut gaps = Vec::new();
        let scanner = Scanner::new(self.director, 1);
        let deployments = scanner.manifests(std::slice::from_ref(summary), &mut gaps).await;
        if let (Some(gap), _) | (None, []) = (gaps.first(), deployments.as_slice()) {
            let why = gap_text(gap);
            reconciled.result = Err(PortError::new(
                PortErrorKind::Transient,
                "read the manifest of",
                summary.name.as_str(),
                why,
            ));
            return reconciled;
        }
        reconciled
    }
}
