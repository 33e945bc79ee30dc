//! What became of each instance in a run, counted and told.

use std::collections::{BTreeMap, HashSet};

use super::report::{Counts, FailedInstance, InstanceOutcome, InstanceReport, STOPPED};
use crate::matching::Decision;
use crate::model::{InstanceId, layout};
use crate::ports::{PortError, PortErrorKind};
use crate::synchronizer::IndexMerge;
use crate::updater::{
    Backup, Change, Done, EntryChange, Finding, InstanceChange, PlannedInstance, SecretChange,
};

/// So many instances are named in one message; the report lists all.
const NAMED: usize = 10;

/// What became of one deployment's records.
pub(super) enum Outcome {
    /// They need not be read to know that they are as they should be; how that
    /// is known.
    UpToDate(&'static str),
    /// They are as they should be, or would be.
    InLine(Box<InstanceChange>, Option<Box<PlannedInstance>>),
    /// They are left alone.
    Skipped(Finding),
    /// The run was asked to stop, or could not go on, before it came to them.
    NotBegun,
    /// They could not be read or written.
    Failed(PortError),
}

impl Outcome {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::UpToDate(_) => "up to date",
            Self::InLine(..) => "in line",
            Self::Skipped(finding) => finding.code,
            Self::NotBegun => "not begun",
            Self::Failed(_) => "failed",
        }
    }

    /// An outcome before which nothing was done.
    pub(super) fn at_once(self) -> (Self, Done) {
        (self, Done::default())
    }
}

/// What was done so far.
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) entries: Vec<EntryChange>,
    pub(super) changes: Vec<Change>,
    pub(super) findings: Vec<Finding>,
    pub(super) failures: Vec<FailedInstance>,
    pub(super) instances: Vec<InstanceReport>,
    /// What would be written, where somebody wants to know.
    pub(super) planned: Vec<PlannedInstance>,
    changed: HashSet<String>,
    dry_run: bool,
}

impl Tally {
    pub(super) fn new(counts: Counts, dry_run: bool) -> Self {
        Self {
            counts,
            entries: Vec::new(),
            changes: Vec::new(),
            findings: Vec::new(),
            failures: Vec::new(),
            instances: Vec::new(),
            planned: Vec::new(),
            changed: HashSet::new(),
            dry_run,
        }
    }

    /// Notes what was done for a deployment, whatever became of it.
    pub(super) fn take(&mut self, decision: &Decision, done: Done) {
        self.counts.writes += done.written.len();
        self.counts.backups += done.backups as usize;
        self.findings.extend(done.findings);
        self.tell(instance_of(decision), done.written);
    }

    /// Counts what became of a deployment in the end.
    pub(super) fn count(&mut self, decision: &Decision, outcome: Outcome) {
        let instance = instance_of(decision);
        let (outcome, reason) = match outcome {
            Outcome::UpToDate(how) => (InstanceOutcome::Unchanged, how.to_owned()),
            Outcome::InLine(change, planned) => {
                if self.dry_run {
                    self.tell(instance, change.secrets);
                }
                self.entries.push(change.entry);
                self.planned.extend(planned.map(|planned| *planned));
                // Whether the entry changes shows when the index is merged.
                (InstanceOutcome::Unchanged, "its records were read and are right".to_owned())
            }
            Outcome::Skipped(finding) => {
                let reason = finding.message.clone();
                self.findings.push(finding);
                (InstanceOutcome::Skipped, reason)
            }
            Outcome::NotBegun => (InstanceOutcome::NotBegun, "the run ended before it came to it".to_owned()),
            Outcome::Failed(error) => self.fail(instance, decision.deployment.as_str(), &error),
        };
        self.report(decision, outcome, reason);
    }

    /// Says what became of a deployment's instance.
    pub(super) fn report(&mut self, decision: &Decision, outcome: InstanceOutcome, reason: String) {
        self.instances.push(InstanceReport {
            instance: instance_of(decision).to_owned(),
            deployment: decision.deployment.to_string(),
            outcome,
            reason,
        });
    }

    /// Notes what was written for an instance, or would be.
    fn tell(&mut self, instance: &str, secrets: Vec<SecretChange>) {
        for secret in secrets {
            self.changed.insert(instance.to_owned());
            self.changes.push(Change {
                instance: instance.to_owned(),
                creates: secret.before.is_none(),
                fields: secret.fields(),
                path: secret.path,
            });
        }
    }

    fn fail(&mut self, instance: &str, deployment: &str, error: &PortError) -> (InstanceOutcome, String) {
        let written = self.changes.iter().filter(|change| change.instance == instance).count();
        self.failures.push(FailedInstance::of(instance, deployment, error));
        let reason = match written {
            0 => error.to_string(),
            _ => format!("unfinished, {written} of its secrets were written before: {error}"),
        };
        (InstanceOutcome::of(error), reason)
    }

    /// Notes an archive of an entry that changes without its records.
    pub(super) fn kept(&mut self, backup: Backup) {
        self.counts.backups += usize::from(backup.written);
        self.findings.extend(backup.findings);
    }

    /// Takes in that an entry is left as it is: what stands there could not be
    /// kept.
    pub(super) fn not_kept(&mut self, instance: &InstanceId, error: &PortError) {
        let reason = format!("its index entry was not written: {error}");
        let failure = PortError::new(error.kind, "back up the records of", instance.as_str(), reason);
        let failure = match &error.advice {
            Some(advice) => failure.with_advice(advice.clone()),
            None => failure,
        };
        self.failures.push(FailedInstance::of(instance.as_str(), "", &failure));
    }

    /// Takes in what became of the entries.
    pub(super) fn merged(&mut self, merge: IndexMerge) {
        // An instance whose entry somebody else changed meanwhile is not in
        // line.
        let mut left: BTreeMap<String, String> = BTreeMap::new();
        for finding in &merge.findings {
            left.insert(finding.subject.clone(), finding.message.clone());
        }
        // Of whom something was written is not skipped.
        let written = if self.dry_run { HashSet::new() } else { self.changed.clone() };
        let left_alone =
            |instance: &str| left.get(instance).map(|why| format!("its index entry was left alone: {why}"));
        self.settle(InstanceOutcome::Skipped, |instance| {
            left_alone(instance).filter(|_| !written.contains(instance))
        });
        let unfinished = |instance: &str| {
            let why = left_alone(instance).filter(|_| written.contains(instance))?;
            Some(format!("unfinished, its records were written before: {why}"))
        };
        self.settle(InstanceOutcome::Conflicted, unfinished);
        for entry in &self.entries {
            let instance = entry.instance.as_str();
            let Some(why) = unfinished(instance) else { continue };
            let error = PortError::new(PortErrorKind::Conflict, "bring into line", instance, why);
            self.failures.push(FailedInstance::of(instance, "", &error.with_advice("run again")));
        }
        self.findings.extend(merge.findings);
        for (instance, creates, fields) in merge.entries {
            self.changed.insert(instance.to_string());
            self.changes.push(Change {
                path: format!("{}#{instance}", layout::INDEX),
                instance: instance.to_string(),
                creates,
                fields,
            });
        }
    }

    /// Takes in that the index could not be written; `pending` is what it
    /// would have got.
    pub(super) fn not_merged(&mut self, pending: &IndexMerge, error: &PortError) {
        let pending: HashSet<&str> = pending.entries.iter().map(|(id, ..)| InstanceId::as_str(id)).collect();
        self.settle(InstanceOutcome::of(error), |instance| {
            pending
                .contains(instance)
                .then(|| format!("unfinished, its index entry was not written: {error}"))
        });
        // The index is no instance: its failure is told and not counted.
        self.failures.push(FailedInstance::of(layout::INDEX, "", error));
    }

    /// Gives instances that seemed to be in line another outcome, with the
    /// reason.
    fn settle(&mut self, outcome: InstanceOutcome, why: impl Fn(&str) -> Option<String>) {
        let in_line: HashSet<&str> = self.entries.iter().map(|entry| entry.instance.as_str()).collect();
        for report in self.instances.iter_mut().filter(|one| in_line.contains(one.instance.as_str())) {
            if let Some(reason) = why(&report.instance) {
                (report.outcome, report.reason) = (outcome, reason);
            }
        }
    }

    /// Counts the instances, once nothing more happens to them.
    pub(super) fn conclude(&mut self, director: &str) {
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for change in &self.changes {
            parts.entry(&change.instance).or_default().push(change.part());
        }
        for report in &mut self.instances {
            if self.changed.contains(&report.instance) {
                let parts = parts.get(report.instance.as_str()).map(|parts| parts.join(", "));
                let differed = format!("differed: {}", parts.unwrap_or_default());
                match report.outcome {
                    InstanceOutcome::Unchanged => report.reason = differed,
                    // An entry heals by itself, whatever keeps the records.
                    InstanceOutcome::Skipped => {
                        report.reason = format!("{differed}; its records are left alone: {}", report.reason);
                    }
                    _ => {}
                }
                if matches!(report.outcome, InstanceOutcome::Unchanged | InstanceOutcome::Skipped) {
                    report.outcome = InstanceOutcome::Changed;
                }
            }
            *self.counts.of(report.outcome) += 1;
        }
        // Entries that healed or were called missing, without a deployment to
        // write.
        let told: HashSet<&str> = self.instances.iter().map(|one| one.instance.as_str()).collect();
        self.counts.changed += self.changed.iter().filter(|id| !told.contains(id.as_str())).count();
        let waiting = self.instances.iter().filter(|one| one.outcome == InstanceOutcome::NotBegun);
        let waiting: Vec<&str> = waiting.map(|one| one.instance.as_str()).collect();
        if !waiting.is_empty() {
            let mut named = waiting[..waiting.len().min(NAMED)].join(", ");
            if waiting.len() > NAMED {
                named.push_str(&format!(" and {} more", waiting.len() - NAMED));
            }
            let message =
                format!("stopped before {} instances were begun: {named}; run again", waiting.len());
            self.findings.push(Finding::new(STOPPED, director, message));
        }
    }
}

fn instance_of(decision: &Decision) -> &str {
    decision.identity().map_or("", |identity| identity.instance.as_str())
}

impl InstanceOutcome {
    fn of(error: &PortError) -> Self {
        match error.kind {
            PortErrorKind::Conflict => Self::Conflicted,
            _ => Self::Failed,
        }
    }
}
