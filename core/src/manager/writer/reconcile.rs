//! The writer's part for one matched deployment: whether its records may be
//! touched, what they should be, and what came of it.

use std::sync::atomic::Ordering;

use super::Writer;
use crate::manager::rechecks::manifest_changed;
use crate::manager::survey::ManifestPrint;
use crate::manager::tally::Outcome;
use crate::matching::Decision;
use crate::model::{DeploymentSummary, Index, InstanceId};
use crate::ports::{Conclusion, PortError, PortErrorKind};
use crate::updater::{
    Applied, Applier, Creation, CreationTimes as _, Disposition, Done, Failure, Finding, InstanceChange,
    Matched, Observed, PlannedInstance, Settled, Subject, decide_change, is_up_to_date, standing_obstacle,
};

/// The code of the finding that a planned change is not what would be written
/// now.
const PLAN_MOVED: &str = "plan.moved";

/// How it is known without reading that records are right.
const BY_ITS_ENTRY: &str = "its index entry says that nothing has changed since it was written";

impl Writer<'_> {
    pub(in crate::manager) async fn reconcile(
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
            return Outcome::Skipped(manifest_changed(&summary.name)).at_once();
        }
        let vms = self.vms(summary).await;
        let facts = &self.survey.facts;
        let matched = Matched::new(decision, summary, &deployment.manifest, &facts.catalog, &facts.index);
        let matched = match matched {
            Ok(matched) => matched.with_vms(vms.as_deref()).with_history(self.run.options.history),
            Err(finding) => return Outcome::Skipped(finding).at_once(),
        };
        let full = self.errand.full || self.memory.is_unverified(summary.name.as_str());
        let up_to_date = is_up_to_date(&matched, self.stamp);
        // That what stands there was left alone, the entry does not say.
        if !full && up_to_date && !self.memory.is_left_alone(summary.name.as_str()) {
            return Outcome::UpToDate(BY_ITS_ENTRY).at_once();
        }
        let in_flight = summary.locked || self.busy.contains(summary.name.as_str());
        let instance = &matched.identity.instance;
        // What must not be touched need not be read.
        if let Some(finding) = standing_obstacle(&matched, in_flight, self.stamp) {
            return self.left_alone(instance, finding, Done::default());
        }
        if !full && let Some(outcome) = self.recall(&matched).await {
            return outcome.at_once();
        }
        let planned = self.planned(instance);
        let decide = |observed: &Observed, index: Option<&Index>| {
            let matched = match index.map_or(Ok(matched), |index| matched.in_index(index)) {
                Ok(matched) => matched,
                Err(finding) => return Disposition::Skip(finding.into()),
            };
            match (decide_change(&matched, observed, in_flight, self.stamp), planned) {
                (Disposition::Reconcile(change), Some(planned)) => {
                    let now = PlannedInstance::of(&matched, observed, &change);
                    match planned.against(&now) {
                        Ok(_) => Disposition::Reconcile(change),
                        Err(moved) => {
                            let finding = Finding::new(PLAN_MOVED, instance, moved.join("; "));
                            Disposition::Skip(finding.into())
                        }
                    }
                }
                (disposition, _) => disposition,
            }
        };
        let left = self.memory.left(summary.name.as_str(), instance);
        let is_known = matched.is_known();
        let subject = Subject { instance, deployment: &summary.name, left, is_known };
        match self.applier().apply(subject, decide).await {
            Ok(Applied { settled: Settled::InLine { change, observed, versions }, done }) => {
                self.memory.note_left(summary.name.as_str(), instance, versions);
                if observed.creation == Some(Creation::Unread) {
                    self.memory.note_undated(&matched, &change);
                } else if !up_to_date && done.written.is_empty() && is_nothing(&matched, &change) {
                    self.memory.note_right(&matched);
                }
                let planned = (self.errand.dry_run)
                    .then(|| Box::new(PlannedInstance::of(&matched, &observed, &change)))
                    .filter(|planned| self.errand.only.is_some() || planned.changes_anything());
                (Outcome::InLine(change, planned), done)
            }
            Ok(Applied { settled: Settled::Skipped(skip), done }) => {
                self.memory.note_left_alone(&matched, &skip);
                self.left_alone(instance, skip.finding, done)
            }
            Err(Failure { error, done }) => {
                if self.is_the_stores_own(error.kind).await {
                    self.is_over.store(true, Ordering::Relaxed);
                }
                (Outcome::Failed(error), done)
            }
        }
    }

    /// What an earlier run concluded, if that still holds. Whether the Director's
    /// events answer is asked before records are read for what they may tell.
    async fn recall(&self, matched: &Matched<'_>) -> Option<Outcome> {
        let conclusion = self.memory.recall(matched)?;
        let deployment = &matched.summary.name;
        if matches!(conclusion, Conclusion::Undated { .. })
            && self.creations.of(deployment).await != Creation::Unread
        {
            return None;
        }
        self.memory.conclude(deployment.as_str(), conclusion)
    }

    /// What was planned for an instance, where that is to be done now.
    fn planned(&self, instance: &InstanceId) -> Option<&PlannedInstance> {
        self.planned.get(instance).copied().filter(|_| !self.errand.dry_run)
    }

    /// What it means that an instance's records were left alone.
    fn left_alone(&self, instance: &InstanceId, finding: Finding, done: Done) -> (Outcome, Done) {
        let (operation, advice) = match self.planned(instance) {
            // What was planned is not done: that is no skipping.
            Some(_) => ("apply the plan to", "make a new plan"),
            // Somebody came in between, and what was written before stands.
            None if !done.written.is_empty() => ("bring into line", "run again"),
            None => return (Outcome::Skipped(finding), done),
        };
        let error = PortError::new(PortErrorKind::Conflict, operation, instance.as_str(), finding.message);
        (Outcome::Failed(error.with_advice(advice)), done)
    }

    fn applier(&self) -> Applier<'_> {
        Applier {
            store: self.run.store,
            backups: Some(&self.backups),
            index: &self.index_again,
            director: &self.rechecks,
            creations: Some(&self.creations),
            afresh: self.is_again.load(Ordering::Relaxed),
            dry_run: self.errand.dry_run,
        }
    }
}

/// Whether there is nothing to write.
fn is_nothing(matched: &Matched<'_>, change: &InstanceChange) -> bool {
    change.secrets.is_empty() && change.entry.fields.apply(matched.entry.map(|entry| &entry.fields)).is_none()
}
