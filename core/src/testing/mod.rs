//! Snapshot tests of decisions, for programs that embed the matching.
//!
//! [`assert_decisions!`] holds the decisions over a [`Fleet`] against a snapshot
//! that was accepted before, by [insta](https://insta.rs). The snapshot shows
//! per deployment what was decided and what each strategy said, abstentions aside;
//! fingerprints, places and words for people are left out, so that it changes
//! only if a decision does, or the way to it.

use crate::decisions::DecisionRecord;
use crate::manifest::Deployment;
use crate::matching::{Facts, MatchEngine};
use crate::model::{Catalog, FleetStatistics, Index};

#[doc(inline)]
pub use crate::assert_decisions;

/// A fleet in memory: deployments, and what they are judged by.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The deployments.
    pub deployments: Vec<Deployment>,
    /// Catalog, index, and how common each release is.
    pub facts: Facts,
}

impl Fleet {
    /// A fleet of these deployments; how common releases are is counted here.
    #[must_use]
    pub fn new(catalog: Catalog, index: Index, deployments: Vec<Deployment>) -> Self {
        let statistics = FleetStatistics::of(deployments.iter().map(|one| one.summary.as_ref()));
        Self { facts: Facts::new(catalog, index, statistics), deployments }
    }

    /// Reads a fleet's folder, such as `reconciler capture` writes.
    ///
    /// # Errors
    /// If it is no fleet, has no catalog, or a file of it cannot be used.
    #[cfg(feature = "fleet")]
    pub fn open(
        folder: impl Into<std::path::PathBuf>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let fleet = crate::adapters::fleet::FleetFolder::open(folder)?;
        let catalog = fleet.catalog()?.ok_or_else(|| format!("{} has no catalog", fleet.root().display()))?;
        let deployments = fleet.summaries().iter().map(|summary| fleet.deployment(summary)).collect();
        Ok(Self::new(catalog, fleet.index()?, deployments))
    }

    /// The decisions over the whole fleet, in the form of a snapshot, by
    /// deployment.
    #[must_use]
    pub fn decided_by(&self, engine: &MatchEngine) -> Vec<DecisionRecord> {
        let decisions = engine.decide_all(&self.deployments, &self.facts);
        let mut records: Vec<DecisionRecord> = decisions.iter().map(DecisionRecord::from).collect();
        records.sort_by(|a, b| a.deployment.cmp(&b.deployment));
        records
    }
}

/// Holds the decisions of an engine over a [`Fleet`](crate::testing::Fleet)
/// against the snapshot of this test. `cargo insta review`, or `INSTA_UPDATE=always`
/// in the environment, accepts new ones.
///
/// The snapshot is named after the test; a name before the engine says another.
///
/// ```no_run
/// # use reconciler_core::{matching::MatchEngine, testing::Fleet};
/// # fn test(engine: MatchEngine, fleet: Fleet) {
/// reconciler_core::testing::assert_decisions!(engine, fleet);
/// reconciler_core::testing::assert_decisions!("harbour", engine, fleet);
/// # }
/// ```
#[macro_export]
macro_rules! assert_decisions {
    ($engine:expr, $fleet:expr $(,)?) => {{
        let mut settings = $crate::__private::insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.bind(|| {
            $crate::__private::insta::assert_yaml_snapshot!($fleet.decided_by(&$engine));
        });
    }};
    ($name:expr, $engine:expr, $fleet:expr $(,)?) => {{
        let mut settings = $crate::__private::insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.bind(|| {
            $crate::__private::insta::assert_yaml_snapshot!($name, $fleet.decided_by(&$engine));
        });
    }};
}
