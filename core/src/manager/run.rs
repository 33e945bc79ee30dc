//! One run.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::absences::Absences;
use super::journal::JournalPage;
use super::options::RunOptions;
use super::progress::{NoProgress, Progress};
use super::report::{OrphanReport, RunReport};
use super::survey::Survey;
use super::trigger::run_id;
use super::writer::{Errand, Writer};
use crate::backup::OtherReconciler;
use crate::matching::MatchEngine;
use crate::model::Catalog;
use crate::ports::{
    Clock, Director, DirectorInfo, DirectorTask, PortError, Recollections, RunState, SecretStore, SystemClock,
};
use crate::scanner::{ManifestCache, ScanSettings, Scanner};
use crate::updater::{ChangeSet, Setting, Stamp};

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
    /// It was asked to stop before anything was written.
    #[error("interrupted after {looked_at} of {of} deployments were looked at; nothing was written")]
    Interrupted {
        /// How many deployments had been read and decided.
        looked_at: usize,
        /// How many there are, as far as that was known.
        of: usize,
    },
}

/// Brings the records of one Director's instances into line.
#[non_exhaustive]
pub struct Reconciler<'a> {
    /// What is scanned.
    pub director: &'a dyn Director,
    /// Where the records are.
    pub store: &'a dyn SecretStore,
    /// What the Director says about itself, if that was asked just before.
    pub info: Option<DirectorInfo>,
    /// Where manifests are kept between the two halves of a run, and between
    /// runs of one process.
    pub manifests: &'a ManifestCache,
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
    /// What the run is called, in the span it is made in; without it, it is
    /// called by when it starts, and has a span of its own.
    pub run_id: Option<String>,
    /// Ends the run: at once while it looks; while it writes, after the
    /// instances in hand and the index.
    pub stop: CancellationToken,
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

impl<'a> Reconciler<'a> {
    /// A run with the usual options that tells nobody how far it is, remembers
    /// nothing, and is not stopped; set the fields that should differ.
    #[must_use]
    pub fn new(
        director: &'a dyn Director,
        store: &'a dyn SecretStore,
        manifests: &'a ManifestCache,
        catalog: impl Into<Arc<Catalog>>,
        engine: impl Into<Arc<MatchEngine>>,
    ) -> Self {
        Self {
            director,
            store,
            info: None,
            manifests,
            state: None,
            catalog: catalog.into(),
            engine: engine.into(),
            clock: &SystemClock,
            progress: &NoProgress,
            options: RunOptions::default(),
            run_id: None,
            stop: CancellationToken::new(),
        }
    }
}

/// What a run made, before it is remembered.
pub(super) struct Made {
    pub(super) report: RunReport,
    /// What would be written, where nothing was.
    pub(super) changes: ChangeSet,
    pub(super) absences: Absences,
    /// Whether it was to read every record there is.
    pub(super) full: bool,
    /// What the next run has to know, if that is something else than before.
    pub(super) recollections: Option<Recollections>,
}

impl Reconciler<'_> {
    pub(super) fn scanner(&self) -> Scanner<'_> {
        let RunOptions { concurrency, instances, .. } = self.options;
        Scanner::new(self.director, self.manifests, ScanSettings { concurrency, instances })
    }

    /// Scans, decides, and brings the records into line. The journal of the
    /// state tells of it, whatever comes of it.
    ///
    /// # Errors
    /// Those of [`survey`](Self::survey), and if the unfinished tasks of the
    /// Director cannot be read. One instance's failure is its own: it is in the
    /// report.
    pub async fn run(&self) -> Result<RunReport, RunError> {
        self.run_once(self.options.dry_run).await.map(|made| made.report)
    }

    /// A run, dry or not.
    pub(super) async fn run_once(&self, dry_run: bool) -> Result<Made, RunError> {
        let stamp = Stamp::at(self.clock.now());
        let id = self.run_id.clone().unwrap_or_else(|| run_id(stamp.at));
        self.told(stamp, &id, dry_run, self.reconcile_all(stamp, id.clone(), dry_run)).await
    }

    /// Has the journal tell of a run, and the state remember it. A dry run leaves
    /// no trace.
    pub(super) async fn told(
        &self,
        stamp: Stamp,
        id: &str,
        dry_run: bool,
        work: impl Future<Output = Result<Made, RunError>>,
    ) -> Result<Made, RunError> {
        let page = if dry_run { None } else { JournalPage::begin(self, id, stamp.at) };
        // Whoever names the run has its span already.
        let span = match self.run_id {
            Some(_) => tracing::Span::none(),
            None => tracing::info_span!("run", id),
        };
        match work.instrument(span).await {
            Ok(mut made) => {
                if !dry_run && let Err(error) = self.remember(stamp, &made, page) {
                    // What was written stands, and must be told all the same.
                    made.report.not_remembered(&error);
                }
                Ok(made)
            }
            Err(error) => {
                if let Some(page) = page {
                    page.fail(&error, self.clock.now());
                }
                Err(error)
            }
        }
    }

    /// The run itself.
    async fn reconcile_all(&self, stamp: Stamp, run_id: String, dry_run: bool) -> Result<Made, RunError> {
        let survey = self.survey().await?;
        let stamp = stamp.doubted(survey.scan.completeness.clocks_apart());
        let other = OtherReconciler::new(self.store, &survey.facts.index, stamp.at);
        let recollections = self.recollections()?;
        let full = self.is_full(stamp)?;
        let nothing = Recollections::default();
        let earlier = if full { &nothing } else { &recollections };
        let (tasks, absences) = self.examine(&survey, &other, earlier, stamp).await?;
        let errand = Errand { dry_run, full, only: None, recollections: &recollections };
        let writer = Writer::new(self, &survey, &tasks, (&other, &absences), stamp, errand);
        let (mut report, changes) = writer.write(run_id).await;
        let knows_its_director = !survey.scan.completeness.is_of_another_director();
        let filtered = !self.options.filter.is_open();
        let (told, hindered) = (&report.instances, &absences.hindered);
        let handed_on = writer.memory.handed_on(&survey, told, hindered, (full, filtered));
        let handed_on = Some(handed_on).filter(|now| knows_its_director && *now != recollections);
        report.scan = survey.scan.completeness.is_complete().then(|| survey.scan.remembered());
        report.decisions = survey.decisions;
        let full = full && !filtered && knows_its_director;
        Ok(Made { report, changes, absences, full, recollections: handed_on })
    }

    /// What conclusions are drawn from beside the deployments of a survey.
    pub(super) fn setting(&self, survey: &Survey) -> Setting {
        Setting::new(&self.catalog, self.store.address(), &survey.scan.info.uuid)
    }

    /// What earlier runs found out about deployments.
    pub(super) fn recollections(&self) -> Result<Recollections, PortError> {
        Ok(self.state.map(|state| state.recollections()).transpose()?.unwrap_or_default())
    }

    /// The Director's tasks that are not finished.
    pub(super) async fn tasks(&self, survey: &Survey) -> Result<Vec<DirectorTask>, RunError> {
        let looked_at = survey.decisions.len();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(RunError::Interrupted { looked_at, of: looked_at }),
            tasks = self.director.tasks_in_flight() => Ok(tasks?),
        }
    }

    /// Finds what has no counterpart: index entries without a deployment, and
    /// deployments without an instance, as a run would see them now. Writes
    /// nothing, and counts nothing.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub async fn orphans(&self) -> Result<OrphanReport, RunError> {
        let stamp = Stamp::at(self.clock.now());
        let survey = self.survey().await?;
        let stamp = stamp.doubted(survey.scan.completeness.clocks_apart());
        let other = OtherReconciler::new(self.store, &survey.facts.index, stamp.at);
        // What was concluded from records earlier may not hold any more, and what
        // is listed here may be deleted by that: they are read anew.
        let nothing = Recollections::default();
        let (tasks, mut absences) = self.examine(&survey, &other, &nothing, stamp).await?;
        absences.uncounted(&self.state.map(|state| state.absences()).transpose()?.unwrap_or_default());
        let errand = Errand { dry_run: true, full: false, only: None, recollections: &nothing };
        Ok(Writer::new(self, &survey, &tasks, (&other, &absences), stamp, errand).orphans().await)
    }

    /// What is asked between deciding and writing: what the Director is busy
    /// with, and what may be concluded about what was not seen.
    async fn examine(
        &self,
        survey: &Survey,
        other: &OtherReconciler<'_>,
        earlier: &Recollections,
        stamp: Stamp,
    ) -> Result<(Vec<DirectorTask>, Absences), RunError> {
        let looked_at = survey.decisions.len();
        let examination = async {
            let tasks = self.director.tasks_in_flight().await?;
            let absences = self.absences(survey, &tasks, other, earlier, stamp).await?;
            Ok((tasks, absences))
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(RunError::Interrupted { looked_at, of: looked_at }),
            examined = examination => examined,
        }
    }

    /// Whether this run reads every record: it was asked to, nobody remembers
    /// when one last did, or that was too long ago.
    fn is_full(&self, stamp: Stamp) -> Result<bool, PortError> {
        let last = self.state.map(|state| state.last_full_verification()).transpose()?.flatten();
        // A clock that was wrong must not put it off until that time comes.
        let is_over = |last| last > stamp.at || stamp.at - last >= self.options.verify_interval;
        Ok(self.options.full || last.is_none_or(is_over))
    }

    /// Notes in the state what the next run must know.
    fn remember(&self, stamp: Stamp, made: &Made, page: Option<JournalPage<'_>>) -> Result<(), PortError> {
        let Made { report, absences, full, recollections, .. } = made;
        let Some(state) = self.state else { return Ok(()) };
        absences.remember(state)?;
        if let Some(members) = report.index_members {
            state.set_index_size(members as u64)?;
        }
        if let Some(scan) = &report.scan {
            state.set_last_scan(scan)?;
        }
        if let Some(recollections) = recollections {
            state.set_recollections(recollections)?;
        }
        // What it did not come to is remembered, one by one.
        if *full {
            state.set_last_full_verification(stamp.at)?;
        }
        page.map_or(Ok(()), |page| page.finish(report, self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A daemon and other programs spawn runs: their future must be `Send`.
    #[test]
    fn a_run_can_be_spawned() {
        fn is_send<T: Send>(_work: impl FnOnce(Reconciler<'static>) -> T) {}
        is_send(|run| async move { run.run().await });
        is_send(|run| async move { run.survey().await.map(drop) });
    }
}
