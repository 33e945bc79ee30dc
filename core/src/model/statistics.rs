//! How common each release is in the whole fleet.

use std::collections::HashMap;
use std::sync::Arc;

use super::DeploymentSummary;

/// Counts over the Director's whole list, so that a decision about one
/// deployment does not depend on which others are looked at with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetStatistics {
    deployments: u32,
    releases: HashMap<Arc<str>, u32>,
}

impl FleetStatistics {
    /// Counts a list of deployments.
    #[must_use]
    pub fn of<'a>(summaries: impl IntoIterator<Item = &'a DeploymentSummary>) -> Self {
        let mut statistics = Self::default();
        for summary in summaries {
            statistics.deployments += 1;
            let mut names: Vec<&Arc<str>> = summary.releases.iter().map(|r| &r.name).collect();
            names.sort();
            names.dedup();
            for name in names {
                *statistics.releases.entry(Arc::clone(name)).or_default() += 1;
            }
        }
        statistics
    }

    /// How many deployments were counted.
    #[must_use]
    pub fn deployments(&self) -> u32 {
        self.deployments
    }

    /// In how many deployments a release is used.
    #[must_use]
    pub fn uses(&self, release: &str) -> u32 {
        self.releases.get(release).copied().unwrap_or(0)
    }

    /// How much a release tells, per mille: near 1000 if hardly anybody uses
    /// it, near 0 if everybody does.
    #[must_use]
    pub fn rarity(&self, release: &str) -> u32 {
        let everyone = u64::from(self.deployments) + 1;
        let others = everyone - u64::from(self.uses(release).min(self.deployments));
        u32::try_from(others * 1000 / everyone).unwrap_or(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeploymentName, ReleaseRef};

    #[test]
    fn what_everybody_uses_tells_nothing_and_a_repeated_release_counts_once() {
        let release = |name: &str| ReleaseRef { name: name.into(), version: "1".into() };
        let fleet: Vec<_> = (0..99)
            .map(|i| {
                let mut d = DeploymentSummary::named(DeploymentName::new(format!("d{i}")).unwrap());
                d.releases = vec![release("bpm"), release("bpm")];
                if i == 0 {
                    d.releases.push(release("redis"));
                }
                d
            })
            .collect();
        let statistics = FleetStatistics::of(&fleet);
        assert_eq!((statistics.deployments(), statistics.uses("bpm")), (99, 99));
        assert_eq!(statistics.rarity("bpm"), 10);
        assert_eq!(statistics.rarity("redis"), 990);
        assert_eq!(FleetStatistics::default().rarity("x"), 1000);
    }
}
