//! The first half of a run: what is there, and what was decided about it.

use std::collections::{BTreeSet, HashSet};

use crate::matching::{Decision, Facts, Outcome};
use crate::model::{IndexEntry, InstanceId};
use crate::ports::Slot;
use crate::scanner::Scan;
use crate::updater::Finding;

use super::report::{Counts, Unknown};

/// Everything that was read and decided, before anything is written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Survey {
    /// The Director's list.
    pub scan: Scan,
    /// The index as it was read.
    pub index_slot: Slot,
    /// What the decisions were made from.
    pub facts: Facts,
    /// The decisions, by deployment.
    pub decisions: Vec<Decision>,
    /// What people should know: odd manifests, entries without a deployment.
    pub findings: Vec<Finding>,
}

impl Survey {
    /// How many of each kind there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { deployments: self.decisions.len(), ..Counts::default() };
        for decision in &self.decisions {
            match decision.outcome {
                Outcome::Matched(_) => counts.matched += 1,
                Outcome::Review(_) => counts.review += 1,
                Outcome::Unmatched => counts.unmatched += 1,
            }
            counts.degraded += usize::from(decision.is_degraded());
        }
        counts
    }

    /// The deployments that could not be seen, with the reason.
    #[must_use]
    pub fn unknown(&self) -> Vec<Unknown> {
        let gaps = self.scan.completeness.gaps.iter();
        gaps.map(|gap| Unknown { deployment: gap.deployment.to_string(), why: gap.reason.to_string() })
            .collect()
    }

    /// Whether everything was seen and every decision is the whole truth.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.scan.completeness.is_complete() && self.decisions.iter().all(|decision| !decision.is_degraded())
    }

    /// Whether something that was expected is not there: a deployment that could
    /// not be read, one of the index without its deployment, fewer deployments
    /// than before.
    pub(super) fn lacks_anything(&self) -> bool {
        !self.scan.completeness.is_complete()
            || self.findings.iter().any(|finding| finding.code == "scan.fewer-deployments")
            || self.absent_entries().next().is_some()
    }

    /// Says in the end what was not seen: as findings if the scan proves
    /// something, and else that it does not.
    pub(super) fn conclude(&mut self) {
        let found: Vec<Finding> = if self.scan.completeness.is_complete() {
            self.absent_entries().map(absence).collect()
        } else {
            let director = &self.scan.info.name;
            let shortfalls = &self.scan.completeness.shortfalls;
            shortfalls.iter().map(|one| Finding::new("scan.incomplete", director, one.to_string())).collect()
        };
        self.findings.extend(found);
    }

    /// Entries of the index that no deployment speaks for. That is what this
    /// scan did not see; it does not prove that they are gone.
    fn absent_entries(&self) -> impl Iterator<Item = &IndexEntry> {
        let claimed: BTreeSet<&InstanceId> = self
            .decisions
            .iter()
            .flat_map(|decision| decision.ranking.iter().map(|ranked| &ranked.identity.instance))
            .collect();
        let named: HashSet<&str> = self
            .scan
            .summaries
            .iter()
            .flat_map(|summary| self.facts.index.expecting(summary.name.as_str()))
            .map(|entry| entry.instance.as_str())
            .collect();
        let entries = self.facts.index.entries().iter();
        entries.filter(move |entry| {
            !claimed.contains(&entry.instance) && !named.contains(entry.instance.as_str())
        })
    }
}

fn absence(entry: &IndexEntry) -> Finding {
    let message = match entry.identity().map(|identity| identity.expected_deployment()) {
        Some(name) => format!("no deployment `{name}` in this scan; nothing is concluded from one scan"),
        None => "the entry names no plan, and no deployment speaks for it".to_owned(),
    };
    Finding::new("entry.absent", &entry.instance, message)
}
