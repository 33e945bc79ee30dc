//! What a run did, as a value.

use std::time::Duration;

use serde::Serialize;

use super::orphans::{AbsentInstance, StrayDeployment};
use super::progress::Phase;
use crate::matching::Decision;
use crate::ports::{LastScan, PortError};
use crate::updater::{Change, Finding};

/// How many of each kind there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Deployments in the Director's list.
    pub deployments: usize,
    /// Decisions that may be written.
    pub matched: usize,
    /// Decisions for a person.
    pub review: usize,
    /// Deployments that are nobody's.
    pub unmatched: usize,
    /// Decisions that a failure or a broken manifest keeps from being written.
    pub degraded: usize,
    /// Matched deployments that the filters leave out.
    pub filtered: usize,
    /// Instances whose records or entry were written, or would be.
    pub changed: usize,
    /// Instances whose records were right already.
    pub unchanged: usize,
    /// Instances whose records were left alone, each with a finding.
    pub skipped: usize,
    /// Instances that somebody else kept changing.
    pub conflicted: usize,
    /// Instances that the run was asked to stop before.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_begun: usize,
    /// Instances that could not be read or written.
    pub failed: usize,
    /// Secrets that were written, the index included.
    pub writes: usize,
    /// Archives that were written before; they are not counted as writes.
    pub backups: usize,
    /// Entries whose deployment was not seen by a scan that did not see all.
    #[serde(skip_serializing_if = "is_zero")]
    pub unseen: usize,
    /// Entries whose deployment was not seen, which proves nothing yet.
    pub absent: usize,
    /// Entries that are called missing, stale ones apart.
    pub missing: usize,
    /// Entries that have been missing for more than 30 days.
    pub stale: usize,
    /// Entries that this run called missing or stale, or would.
    pub marked: usize,
    /// Entries that were called missing and whose deployment is there.
    pub healed: usize,
    /// Deployments that look like ours and have no instance.
    pub stray: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Counts {
    /// The count of an outcome.
    pub(super) fn of(&mut self, outcome: InstanceOutcome) -> &mut usize {
        match outcome {
            InstanceOutcome::Changed => &mut self.changed,
            InstanceOutcome::Unchanged => &mut self.unchanged,
            InstanceOutcome::Skipped => &mut self.skipped,
            InstanceOutcome::Conflicted => &mut self.conflicted,
            InstanceOutcome::Failed => &mut self.failed,
            InstanceOutcome::NotBegun => &mut self.not_begun,
        }
    }
}

/// What became of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum InstanceOutcome {
    /// Its records or its entry were written, or would be.
    Changed,
    /// All of it was right already.
    Unchanged,
    /// It was left alone.
    Skipped,
    /// Somebody else kept changing it.
    Conflicted,
    /// It could not be read or written, or not all of it.
    Failed,
    /// The run ended before it came to it.
    NotBegun,
}

/// What became of one instance, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceReport {
    /// The instance.
    pub instance: String,
    /// Its deployment.
    pub deployment: String,
    /// What became of it.
    pub outcome: InstanceOutcome,
    /// Why.
    pub reason: String,
}

/// An instance whose records could not be brought into line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailedInstance {
    /// The instance; `db` for the index, `state` for what is to be remembered.
    pub instance: String,
    /// The deployment.
    pub deployment: String,
    /// The kind of failure.
    pub kind: &'static str,
    /// What went wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl FailedInstance {
    pub(super) fn of(instance: &str, deployment: &str, error: &PortError) -> Self {
        Self {
            instance: instance.to_owned(),
            deployment: deployment.to_owned(),
            kind: error.kind.code(),
            message: error.to_string(),
            advice: error.advice.as_ref().map(ToString::to_string),
        }
    }
}

/// What a guard refused to do, though everything else was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GuardRefusal {
    /// The guard's own code.
    pub guard: &'static str,
    /// How much is allowed.
    pub limit: usize,
    /// How much it would have been.
    pub observed: usize,
    /// What was refused, and what most likely led to it.
    pub message: String,
    /// How to look at it, and how to allow it once.
    pub advice: String,
}

/// The code of the finding that a run was stopped before its end.
pub(super) const STOPPED: &str = "run.stopped";

/// What a run did.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RunReport {
    /// The run's own id.
    pub run_id: String,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// When it finished, RFC 3339.
    pub finished_at: String,
    /// Where the Director is.
    pub director: String,
    /// The Director's UUID.
    pub director_uuid: String,
    /// Where the records are.
    pub store: String,
    /// The rules of the decisions.
    pub chain: String,
    /// Whether everything was seen and done, but for what a guard refused.
    pub complete: bool,
    /// How many of each kind there were.
    pub counts: Counts,
    /// What became of each matched instance that the filters admit, in the
    /// order of the deployments.
    pub instances: Vec<InstanceReport>,
    /// What was written, or would be.
    pub changes: Vec<Change>,
    /// What people should know.
    pub findings: Vec<Finding>,
    /// What could not be seen or understood.
    pub unknown: Vec<Unknown>,
    /// What could not be written.
    pub failures: Vec<FailedInstance>,
    /// What a guard refused; everything else was done.
    pub refusals: Vec<GuardRefusal>,
    /// Entries of the index that no deployment speaks for.
    pub absent: Vec<AbsentInstance>,
    /// Deployments that look like ours and have no instance.
    pub strays: Vec<StrayDeployment>,
    /// How many members the index has now, if that is known.
    pub index_members: Option<usize>,
    /// How long each phase took, in their order.
    #[serde(skip)]
    pub phases: Vec<(Phase, Duration)>,
    /// The fingerprint of the index that decisions were made by.
    #[serde(skip)]
    pub index: String,
    /// What was decided, by deployment. Not part of a report that is printed:
    /// `scan` shows it.
    #[serde(skip)]
    pub decisions: Vec<Decision>,
    /// What the scan saw, if it was complete.
    #[serde(skip)]
    pub scan: Option<LastScan>,
}

impl RunReport {
    /// Notes that the run could not be remembered: the next one knows less.
    pub(super) fn not_remembered(&mut self, error: &PortError) {
        self.failures.push(FailedInstance::of("state", "", error));
        self.complete = false;
    }

    /// What kept the run from doing all it had to, what matters most first.
    pub(super) fn errors(&self) -> impl Iterator<Item = String> {
        let stopped = self.findings.iter().filter(|finding| finding.code == STOPPED);
        let stopped = stopped.map(|finding| finding.message.clone());
        let refusals = self.refusals.iter().map(|refusal| format!("{}; {}", refusal.message, refusal.advice));
        let failures = self.failures.iter().map(|failure| failure.message.clone());
        let unknown = self.unknown.iter().map(|one| format!("{}: {}", one.deployment, one.why));
        stopped.chain(refusals).chain(failures).chain(unknown)
    }

    /// Says why the run was stopped, where it was stopped before its end.
    pub(super) fn stopped_because(&mut self, why: &str) {
        for finding in self.findings.iter_mut().filter(|finding| finding.code == STOPPED) {
            finding.message = format!("{why}: {}", finding.message);
        }
    }

    /// How the run ended, in one word.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match (self.refusals.is_empty(), self.complete) {
            (false, _) => "refused",
            (true, true) => "complete",
            (true, false) => "incomplete",
        }
    }
}

/// A deployment of which something is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// The deployment.
    pub deployment: String,
    /// Why: which file or which strategy, and what is wrong.
    pub why: String,
}

/// What has no counterpart.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct OrphanReport {
    /// The Director's UUID.
    pub director_uuid: String,
    /// Where the records are.
    pub store: String,
    /// Whether everything was seen; if not, there may be more.
    pub complete: bool,
    /// How many of each kind there are.
    pub counts: Counts,
    /// Entries of the index that no deployment speaks for.
    pub absent: Vec<AbsentInstance>,
    /// Deployments that look like ours and have no instance.
    pub strays: Vec<StrayDeployment>,
    /// What people should know beside: duplicates, instances of retired plans, a
    /// list that is wrong, another reconciler.
    pub findings: Vec<Finding>,
    /// What a run would refuse.
    pub refusals: Vec<GuardRefusal>,
    /// What could not be seen or understood.
    pub unknown: Vec<Unknown>,
}
