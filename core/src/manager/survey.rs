//! The first half of a run: what is there, and what was decided about it.

use std::collections::{BTreeSet, HashSet};

use crate::matching::{Decision, Facts, Outcome};
use crate::model::InstanceId;
use crate::ports::Slot;
use crate::scanner::Scan;
use crate::updater::Finding;

use super::report::Counts;

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

    /// Whether everything was seen and every decision is the whole truth.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.scan.completeness.is_complete() && self.decisions.iter().all(|decision| !decision.is_degraded())
    }

    /// Entries of the index that no deployment speaks for, as findings. That is
    /// what this scan did not see; it does not prove that they are gone.
    pub(super) fn absent_entries(&self) -> Vec<Finding> {
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
        let absent =
            self.facts.index.entries().iter().filter(|entry| {
                !claimed.contains(&entry.instance) && !named.contains(entry.instance.as_str())
            });
        absent
            .map(|entry| {
                let expected = entry.identity().map(|identity| identity.expected_deployment());
                let message = match expected {
                    Some(name) => {
                        format!("no deployment `{name}` in this scan; nothing is concluded from one scan")
                    }
                    None => "the entry names no plan, and no deployment speaks for it".to_owned(),
                };
                Finding::new("entry.absent", &entry.instance, message)
            })
            .collect()
    }
}
