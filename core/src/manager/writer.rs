//! The second half of a run: records, then the index, then the report.

mod reconcile;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::SecondsFormat;
use futures_util::stream::{self, StreamExt};

use super::absences::Absences;
use super::creations::EventTimes;
use super::laps::Laps;
use super::memory::Memory;
use super::progress::Phase;
use super::rechecks::{Rechecks, busy};
use super::report::{InstanceOutcome, RunReport};
use super::run::Reconciler;
use super::survey::Survey;
use super::tally::{Outcome, Tally};
use crate::backup::{OtherReconciler, RunBackups};
use crate::matching::Decision;
use crate::model::{DeploymentSummary, InstanceId, layout};
use crate::ports::{DirectorInstance, DirectorTask, PortErrorKind, Recollections, Slot};
use crate::synchronizer::{IndexWrite, merge_index, write_index};
use crate::updater::{ChangeSet, Finding, IndexAgain, PlannedInstance, Stamp};

/// What is to be done with what a survey found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand<'a> {
    /// Whether nothing may be written.
    pub(super) dry_run: bool,
    /// Whether every record is read.
    pub(super) full: bool,
    /// Exactly these changes and no others; without it, whatever differs.
    pub(super) only: Option<&'a ChangeSet>,
    /// What earlier runs found out.
    pub(super) recollections: &'a Recollections,
}

/// Writes what a survey found.
pub(super) struct Writer<'a> {
    pub(super) run: &'a Reconciler<'a>,
    pub(super) survey: &'a Survey,
    /// The deployments that tasks of the Director work on.
    pub(super) busy: HashSet<String>,
    pub(super) other: &'a OtherReconciler<'a>,
    pub(super) absences: &'a Absences,
    pub(super) backups: RunBackups<'a>,
    pub(super) creations: EventTimes<'a>,
    pub(super) memory: Memory<'a>,
    index_again: IndexAgain<'a>,
    rechecks: Rechecks<'a>,
    pub(super) stamp: Stamp,
    pub(super) errand: Errand<'a>,
    planned: HashMap<&'a InstanceId, &'a PlannedInstance>,
    /// Deployments whose VMs could not be read, with the first reason.
    unread_vms: Mutex<Vec<String>>,
    /// Whether the store failed as a whole: what is left would fail as well.
    is_over: AtomicBool,
    /// Whether it is a further pass: the index was read some time ago.
    is_again: AtomicBool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        run: &'a Reconciler<'a>,
        survey: &'a Survey,
        tasks: &[DirectorTask],
        (other, absences): (&'a OtherReconciler<'a>, &'a Absences),
        stamp: Stamp,
        errand: Errand<'a>,
    ) -> Self {
        let policy = &run.options.backups;
        let version = survey.index_slot.version();
        let time = (stamp, run.clock);
        let backups = RunBackups::new(run.store, other, policy, &survey.facts.index, version, time);
        let wanted: BTreeSet<_> = survey.scan.summaries.iter().map(|summary| summary.name.clone()).collect();
        let setting = run.setting(survey);
        let planned = errand.only.into_iter().flat_map(|only| &only.instances);
        Self {
            run,
            survey,
            busy: busy(tasks),
            other,
            absences,
            backups,
            creations: EventTimes::new(run.director, wanted),
            index_again: IndexAgain::new(run.store),
            rechecks: Rechecks::new(run, survey),
            memory: Memory::new(errand.recollections, setting, stamp.at),
            stamp,
            errand,
            planned: planned.map(|planned| (&planned.instance, planned)).collect(),
            unread_vms: Mutex::default(),
            is_over: AtomicBool::new(false),
            is_again: AtomicBool::new(false),
        }
    }

    /// Brings the records into line, as far as the errand goes. Gives the report
    /// and, unless something was written, what would be.
    pub(super) async fn write(&self, run_id: String) -> (RunReport, ChangeSet) {
        let options = &self.run.options;
        let decisions = &self.survey.decisions;
        // Places instead of references, so that a run may be spawned: what a
        // stream hands on must not be borrowed for that.
        let matched: Vec<usize> =
            (0..decisions.len()).filter(|at| decisions[*at].identity().is_some()).collect();
        let mut wanted: Vec<usize> =
            matched.iter().copied().filter(|at| self.wants(&decisions[*at])).collect();

        let mut tally = Tally::new(self.survey.counts(), self.errand.dry_run);
        tally.counts.filtered = matched.len() - wanted.len();
        let is_foreign = self.survey.scan.completeness.is_of_another_director();
        if is_foreign {
            // Whose deployments were decided nobody knows any more.
            for at in wanted.drain(..) {
                let reason = "another Director answered in the end; nothing of it is written";
                tally.report(&decisions[at], InstanceOutcome::Skipped, reason.to_owned());
            }
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
            self.is_again.store(true, Ordering::Relaxed);
            wanted = again;
        }
        self.run.progress.end();
        laps.over(Phase::Write);
        let index_members = if is_foreign { None } else { self.synchronise(&mut tally).await };
        laps.over(Phase::Index);
        let instances = std::mem::take(&mut tally.planned);
        let mut report = self.report(run_id, tally, index_members).await;
        report.phases = self.survey.phases.iter().copied().chain(laps.taken()).collect();
        (report, ChangeSet { instances })
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
                Outcome::Failed(error)
                    if self.is_over.load(Ordering::Relaxed) && is_lasting_of_the_store(error.kind) =>
                {
                    is_lasting = true;
                    tally.count(decision, outcome);
                }
                Outcome::Failed(error) if may_repeat && error.kind.is_retryable() => {
                    failed.push((at, outcome))
                }
                Outcome::NotBegun if may_repeat => failed.push((at, outcome)),
                _ => {
                    tally.count(decision, outcome);
                    self.run.progress.advance(1);
                }
            }
        }
        if !is_lasting && !self.run.stop.is_cancelled() {
            return failed.into_iter().map(|(at, _)| at).collect();
        }
        for (at, outcome) in failed {
            let decision = &decisions[at];
            tally.count(decision, outcome);
        }
        Vec::new()
    }

    /// Whether a failure is the store's as a whole, and not one instance's. What
    /// lies with us may lie with that one path: the index tells.
    async fn is_the_stores_own(&self, kind: PortErrorKind) -> bool {
        match kind {
            PortErrorKind::Unauthenticated | PortErrorKind::Unavailable => true,
            PortErrorKind::Local => self.index_again.now().await.is_err(),
            // What the store refuses of one instance says nothing of others.
            _ => false,
        }
    }

    /// Whether a decision's records are to be written.
    fn wants(&self, decision: &Decision) -> bool {
        match self.errand.only {
            Some(_) => {
                decision.identity().is_some_and(|identity| self.planned.contains_key(&identity.instance))
            }
            None => self.run.options.filter.admits(decision),
        }
    }

    /// The VMs of a deployment, if the settings want them and they can be read.
    async fn vms(&self, summary: &DeploymentSummary) -> Option<Vec<DirectorInstance>> {
        match self.run.scanner().instances(&summary.name).await {
            Ok(vms) => vms,
            Err(error) => {
                let mut unread = self.unread_vms.lock().expect("nobody panics while holding it");
                let advice = error.advice.as_ref().map(|advice| format!("; {advice}"));
                unread.push(format!("{error}{}", advice.unwrap_or_default()));
                None
            }
        }
    }

    /// Writes the index once, with the entries of all instances whose records
    /// are in line. Gives the number of its members afterwards.
    async fn synchronise(&self, tally: &mut Tally) -> Option<usize> {
        let read = self.survey.index_slot.clone();
        let mut entries = tally.entries.clone();
        // A saved plan speaks of its instances and of nothing else.
        if self.errand.only.is_none() {
            let mut beside = self.healed(&tally.entries);
            beside.extend(self.absences.changes.iter().cloned());
            entries.extend(self.kept(beside, tally).await);
        }
        let written = write_index(self.run.store, read, &entries, self.errand.dry_run).await;
        match written {
            Ok(index) => {
                tracing::debug!(written = index.written, entries = index.entries, "merged the index");
                tally.counts.writes += usize::from(index.written);
                tally.findings.extend(begun(&self.survey.index_slot, &index, &self.run.store.address()));
                tally.merged(index.merge);
                Some(index.entries)
            }
            Err(error) => {
                let pending = merge_index(self.survey.index_slot.data(), &tally.entries);
                tally.not_merged(&pending, &error);
                None
            }
        }
    }

    /// Whether VMs that were to be read could not be.
    fn lacks_vms(&self) -> bool {
        !self.unread_vms.lock().expect("nobody panics while holding it").is_empty()
    }

    /// What people should know of what was read beside the records.
    fn unread(&self) -> impl Iterator<Item = Finding> {
        let unread = self.unread_vms.lock().expect("nobody panics while holding it");
        let vms = unread.first().map(|first| {
            let message = format!(
                "the VMs of {} deployments could not be read, and what is known of them stays; the first: \
                 {first}",
                unread.len()
            );
            Finding::new("instances.unread", self.run.director.address(), message)
        });
        [vms, self.creations.finding()].into_iter().flatten()
    }

    async fn report(&self, run_id: String, mut tally: Tally, index_members: Option<usize>) -> RunReport {
        tally.findings.extend(self.unread());
        tally.conclude(&self.run.director.address());
        let Tally { mut counts, changes, mut findings, failures, instances, .. } = tally;
        let absent = self.settled(&changes, &mut counts);
        let strays = match self.errand.only {
            None => self.strays(&mut findings).await,
            Some(_) => Vec::new(),
        };
        counts.stray = strays.len();
        let rfc3339 = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        RunReport {
            run_id,
            dry_run: self.errand.dry_run,
            started_at: rfc3339(self.stamp.at),
            finished_at: rfc3339(self.run.clock.now()),
            director: self.run.director.address(),
            director_uuid: self.survey.scan.info.uuid.clone(),
            store: self.run.store.address(),
            chain: self.run.engine.fingerprint().to_string(),
            complete: failures.is_empty()
                && counts.not_begun == 0
                && !self.lacks_vms()
                && self.survey.is_complete()
                && !self.absences.is_contradicted(),
            counts,
            instances,
            changes,
            findings: self.findings(&absent, findings),
            unknown: self.survey.unknown.clone(),
            failures,
            refusals: self.absences.refusal.iter().cloned().collect(),
            absent,
            strays,
            index_members,
            phases: Vec::new(),
            index: self.survey.facts.index.fingerprint(),
            decisions: Vec::new(),
            scan: None,
        }
    }
}

/// Whether the store fails in a way that will not pass within the run.
fn is_lasting_of_the_store(kind: PortErrorKind) -> bool {
    matches!(kind, PortErrorKind::Local | PortErrorKind::Unauthenticated)
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
