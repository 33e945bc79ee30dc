//! The second half of a run: records, then the index, then the report.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::SecondsFormat;
use futures_util::stream::{self, StreamExt};

use super::absences::Absences;
use super::laps::Laps;
use super::progress::Phase;
use super::report::RunReport;
use super::run::Reconciler;
use super::survey::{ManifestPrint, Survey};
use super::tally::Tally;
use crate::backup::{OtherReconciler, RunBackups};
use crate::matching::Decision;
use crate::model::{DeploymentSummary, layout};
use crate::ports::{DirectorTask, PortError, PortErrorKind, Slot};
use crate::synchronizer::{IndexWrite, write_index};
use crate::updater::{
    Applied, Change, Done, Failure, Finding, InstanceChange, Matched, Settled, Stamp, apply, decide_change,
    is_up_to_date,
};

/// Writes what a survey found.
pub(super) struct Writer<'a> {
    pub(super) run: &'a Reconciler<'a>,
    pub(super) survey: &'a Survey,
    /// The deployments that tasks of the Director work on.
    pub(super) busy: HashSet<&'a str>,
    pub(super) other: &'a OtherReconciler<'a>,
    pub(super) absences: &'a Absences,
    backups: RunBackups<'a>,
    pub(super) stamp: Stamp,
    /// Whether every record is read.
    full: bool,
    /// Whether nothing is written.
    pub(super) dry_run: bool,
    /// Whether the store failed as a whole: what is left would fail as well.
    is_over: AtomicBool,
}

/// What became of one deployment's records.
pub(super) enum Outcome {
    /// The index says that they are as they should be, and is believed.
    UpToDate,
    /// They are as they should be, or would be.
    InLine(Box<InstanceChange>),
    /// They are left alone.
    Skipped(Finding),
    /// The run was asked to stop, or could not go on, before it came to them.
    NotBegun,
    /// They could not be read or written.
    Failed(PortError),
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::UpToDate => "up to date",
            Self::InLine(_) => "in line",
            Self::Skipped(finding) => finding.code,
            Self::NotBegun => "not begun",
            Self::Failed(_) => "failed",
        }
    }

    /// An outcome before which nothing was done.
    fn at_once(self) -> (Self, Done) {
        (self, Done::default())
    }
}

/// Whether a failure is the store's as a whole, and not one instance's.
fn is_the_stores_own(kind: PortErrorKind) -> bool {
    matches!(kind, PortErrorKind::Local | PortErrorKind::Unauthenticated | PortErrorKind::Unavailable)
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        run: &'a Reconciler<'a>,
        survey: &'a Survey,
        tasks: &'a [DirectorTask],
        (other, absences): (&'a OtherReconciler<'a>, &'a Absences),
        stamp: Stamp,
        full: bool,
    ) -> Self {
        let busy = tasks.iter().filter_map(|task| task.deployment.as_deref()).collect();
        let policy = &run.options.backups;
        let version = survey.index_slot.version();
        let backups = RunBackups::new(run.store, other, policy, &survey.facts.index, version, stamp);
        let (dry_run, is_over) = (run.options.dry_run, AtomicBool::new(false));
        Self { run, survey, busy, other, absences, backups, stamp, full, dry_run, is_over }
    }

    pub(super) async fn write(&self, run_id: String) -> RunReport {
        let options = &self.run.options;
        let decisions = &self.survey.decisions;
        // Places instead of references, so that a run may be spawned: what a
        // stream hands on must not be borrowed for that.
        let matched: Vec<usize> =
            (0..decisions.len()).filter(|at| decisions[*at].identity().is_some()).collect();
        let mut wanted: Vec<usize> =
            matched.iter().copied().filter(|at| options.filter.admits(&decisions[*at])).collect();

        let mut tally = Tally::new(self.survey.counts());
        tally.counts.filtered = matched.len() - wanted.len();
        let is_foreign = self.survey.scan.completeness.is_of_another_director();
        if is_foreign {
            // Whose deployments were decided nobody knows any more.
            tally.counts.skipped = wanted.len();
            wanted.clear();
        }
        let mut laps = Laps::begin();
        self.run.progress.begin(Phase::Write, wanted.len());
        let mut delays = options.retry.delays();
        loop {
            let again = self.pass(wanted, delays.len() > 0, &mut tally).await;
            let Some(delay) = delays.next().filter(|_| !again.is_empty()) else { break };
            tracing::warn!(
                deployments = again.len(),
                ?delay,
                "some deployments failed for now; trying again"
            );
            tokio::select! {
                biased;
                () = self.run.stop.cancelled() => {}
                () = tokio::time::sleep(delay) => {}
            }
            self.is_over.store(false, Ordering::Relaxed);
            wanted = again;
        }
        self.run.progress.end();
        laps.over(Phase::Write);
        let index_members = if is_foreign { None } else { self.synchronise(&mut tally).await };
        laps.over(Phase::Index);
        let mut report = self.report(run_id, tally, index_members).await;
        report.phases = self.survey.phases.iter().copied().chain(laps.taken()).collect();
        report
    }

    /// Works on some deployments. Gives those that failed in a way that may pass,
    /// if there is a further try; all others are counted.
    async fn pass(&self, wanted: Vec<usize>, may_repeat: bool, tally: &mut Tally) -> Vec<usize> {
        let options = &self.run.options;
        let Survey { decisions, scan, manifests, .. } = self.survey;
        let mut failed: Vec<(usize, Outcome)> = Vec::new();
        let mut is_lasting = false;
        let mut outcomes = stream::iter(wanted)
            .map(|at| async move {
                (at, self.reconcile(&decisions[at], &scan.summaries[at], manifests[at]).await)
            })
            .buffered(options.concurrency.max(1));
        while let Some((at, (outcome, done))) = outcomes.next().await {
            let decision = &decisions[at];
            let name = decision.deployment.as_str();
            tracing::debug!(deployment = name, outcome = outcome.name(), "reconciled");
            tally.take(decision, done);
            match &outcome {
                Outcome::Failed(error) if is_the_stores_own(error.kind) && !error.kind.is_retryable() => {
                    is_lasting = true;
                    tally.count(decision, outcome, self.dry_run);
                }
                Outcome::Failed(error) if may_repeat && error.kind.is_retryable() => {
                    failed.push((at, outcome))
                }
                Outcome::NotBegun if may_repeat => failed.push((at, outcome)),
                _ => {
                    tally.count(decision, outcome, self.dry_run);
                    self.run.progress.advance(1);
                }
            }
        }
        if !is_lasting && !self.run.stop.is_cancelled() {
            return failed.into_iter().map(|(at, _)| at).collect();
        }
        for (at, outcome) in failed {
            let decision = &decisions[at];
            tally.count(decision, outcome, self.dry_run);
        }
        Vec::new()
    }

    pub(super) async fn reconcile(
        &self,
        decision: &Decision,
        summary: &DeploymentSummary,
        print: ManifestPrint,
    ) -> (Outcome, Done) {
        if self.run.stop.is_cancelled() || self.is_over.load(Ordering::Relaxed) {
            return Outcome::NotBegun.at_once();
        }
        // What was parsed is let go after deciding, so that a large fleet does
        // not have to fit into memory; what was received is kept.
        let deployment = match self.run.scanner().deployment(summary).await {
            Ok(deployment) => deployment,
            Err(error) => return Outcome::Failed(error).at_once(),
        };
        if ManifestPrint::of(&deployment.manifest) != print {
            let message = "its manifest changed while the run was under way; the next run decides anew";
            return Outcome::Skipped(Finding::new("manifest.changed", &summary.name, message)).at_once();
        }
        let facts = &self.survey.facts;
        let matched = Matched::new(decision, summary, &deployment.manifest, &facts.catalog, &facts.index);
        let matched = match matched {
            Ok(matched) => matched,
            Err(finding) => return Outcome::Skipped(finding).at_once(),
        };
        if !self.full && is_up_to_date(&matched, self.stamp) {
            return Outcome::UpToDate.at_once();
        }
        let in_flight = summary.locked || self.busy.contains(summary.name.as_str());
        let decide = |observed: &_| decide_change(&matched, observed, in_flight, self.stamp);
        let instance = &matched.identity.instance;
        match apply(self.run.store, instance, self.dry_run, Some(&self.backups), decide).await {
            Ok(Applied { settled: Settled::InLine(change), done }) => (Outcome::InLine(change), done),
            Ok(Applied { settled: Settled::Skipped(skip), done }) => (Outcome::Skipped(skip.finding), done),
            Err(Failure { error, done }) => {
                if is_the_stores_own(error.kind) {
                    self.is_over.store(true, Ordering::Relaxed);
                }
                (Outcome::Failed(error), done)
            }
        }
    }

    /// Writes the index once, with the entries of all instances whose records
    /// are in line. Gives the number of its members afterwards.
    async fn synchronise(&self, tally: &mut Tally) -> Option<usize> {
        let read = self.survey.index_slot.clone();
        let mut entries = tally.entries.clone();
        entries.extend(self.healed(&tally.entries));
        entries.extend(self.absences.changes.iter().cloned());
        let written = write_index(self.run.store, read, &entries, self.dry_run).await;
        match written {
            Ok(index) => {
                tracing::debug!(written = index.written, entries = index.entries, "merged the index");
                tally.counts.writes += usize::from(index.written);
                tally.findings.extend(begun(&self.survey.index_slot, &index, &self.run.store.address()));
                tally.findings.extend(index.merge.findings);
                for (instance, creates, fields) in index.merge.entries {
                    tally.changed.insert(instance.to_string());
                    tally.changes.push(Change {
                        path: format!("{}#{instance}", layout::INDEX),
                        instance: instance.to_string(),
                        creates,
                        fields,
                    });
                }
                Some(index.entries)
            }
            Err(error) => {
                tally.fail(layout::INDEX, "", &error);
                None
            }
        }
    }

    async fn report(&self, run_id: String, tally: Tally, index_members: Option<usize>) -> RunReport {
        let Tally { mut counts, entries, changes, changed, mut findings, failures } = tally;
        let absent = self.settled(&changes, &mut counts);
        let strays = self.strays(&mut findings).await;
        counts.stray = strays.len();
        if counts.not_begun > 0 {
            let message = format!("stopped before {} instances were begun; run again", counts.not_begun);
            findings.push(Finding::new("run.stopped", self.run.director.address(), message));
        }
        counts.changed = changed.len();
        counts.unchanged += entries.iter().filter(|entry| !changed.contains(entry.instance.as_str())).count();
        let rfc3339 = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        RunReport {
            run_id,
            dry_run: self.run.options.dry_run,
            started_at: rfc3339(self.stamp.at),
            finished_at: rfc3339(self.run.clock.now()),
            director: self.run.director.address(),
            director_uuid: self.survey.scan.info.uuid.clone(),
            store: self.run.store.address(),
            chain: self.run.engine.fingerprint().to_string(),
            complete: failures.is_empty()
                && counts.not_begun == 0
                && self.survey.is_complete()
                && !self.absences.is_contradicted(),
            counts,
            changes,
            findings: self.findings(&absent, findings),
            unknown: self.survey.unknown.clone(),
            failures,
            refusals: self.absences.refusal.iter().cloned().collect(),
            absent,
            strays,
            index_members,
            phases: Vec::new(),
            decisions: Vec::new(),
            scan: None,
        }
    }
}

/// What people should know of an index that was not there: perhaps they look
/// at the wrong place.
fn begun(read: &Slot, index: &IndexWrite, store: &str) -> Option<Finding> {
    (read.data().is_none() && index.merge.after.is_some()).then(|| {
        let message = format!(
            "there was none in {store}, and this run begins it; if Blacksmith keeps one, look at the \
             address, the mount and the prefix"
        );
        Finding::new("index.begun", layout::INDEX, message)
    })
}
