//! Counts what becomes of the instances of a run.

use std::collections::HashSet;

use super::report::{Counts, FailedInstance};
use super::writer::Outcome;
use crate::matching::Decision;
use crate::ports::{PortError, PortErrorKind};
use crate::updater::{Change, Done, EntryChange, Finding, SecretChange};

/// What was done so far.
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) entries: Vec<EntryChange>,
    pub(super) changes: Vec<Change>,
    pub(super) changed: HashSet<String>,
    pub(super) findings: Vec<Finding>,
    pub(super) failures: Vec<FailedInstance>,
}

impl Tally {
    pub(super) fn new(counts: Counts) -> Self {
        Self {
            counts,
            entries: Vec::new(),
            changes: Vec::new(),
            changed: HashSet::new(),
            findings: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Notes what was done for a deployment, whatever became of it.
    pub(super) fn take(&mut self, decision: &Decision, done: Done) {
        self.counts.writes += done.written.len();
        self.counts.backups += done.backups as usize;
        self.findings.extend(done.findings);
        self.tell(instance_of(decision), done.written);
    }

    pub(super) fn count(&mut self, decision: &Decision, outcome: Outcome, dry_run: bool) {
        let instance = instance_of(decision);
        match outcome {
            Outcome::UpToDate => self.counts.unchanged += 1,
            Outcome::InLine(change) => {
                if dry_run {
                    self.tell(instance, change.secrets);
                }
                self.entries.push(change.entry);
            }
            Outcome::Skipped(finding) => {
                self.counts.skipped += 1;
                self.findings.push(finding);
            }
            Outcome::NotBegun => self.counts.not_begun += 1,
            Outcome::Failed(error) => self.fail(instance, decision.deployment.as_str(), &error),
        }
    }

    /// Notes what was written for an instance, or would be.
    pub(super) fn tell(&mut self, instance: &str, secrets: Vec<SecretChange>) {
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

    pub(super) fn fail(&mut self, instance: &str, deployment: &str, error: &PortError) {
        // The index is no instance: its failure is told and not counted.
        let count = match error.kind {
            PortErrorKind::Conflict => &mut self.counts.conflicted,
            _ => &mut self.counts.failed,
        };
        *count += usize::from(!deployment.is_empty());
        self.failures.push(FailedInstance::of(instance, deployment, error));
    }
}

fn instance_of(decision: &Decision) -> &str {
    decision.identity().map_or("", |identity| identity.instance.as_str())
}
