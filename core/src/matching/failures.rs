//! Strategies that failed over a fleet: a line for each, however many decisions
//! it cost.

use std::collections::BTreeMap;

use super::decision::{Decision, Degradation, StepResult};
use super::{OVER_LIMITS_IN_A_ROW, StrategyError};
use crate::model::{DeploymentName, StrategyId};

/// What became of a strategy that could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrategyFailure {
    /// The strategy.
    pub strategy: StrategyId,
    /// For how many deployments it was asked and failed.
    pub failed: usize,
    /// The first deployment of those.
    pub first: DeploymentName,
    /// Why it failed there.
    pub why: String,
    /// For how many deployments it was not asked any more, and its last failure
    /// before.
    pub suspended: Option<(usize, String)>,
    /// Whether decisions count all the same.
    pub tolerated: bool,
}

impl StrategyFailure {
    /// The failures of all strategies over these decisions, by id.
    #[must_use]
    pub fn all(decisions: &[Decision]) -> Vec<Self> {
        let mut found: BTreeMap<&StrategyId, Self> = BTreeMap::new();
        for decision in decisions {
            for step in &decision.trace {
                let StepResult::Failed(error) = &step.result else { continue };
                let failure = found.entry(&step.strategy).or_insert_with(|| Self {
                    strategy: step.strategy.clone(),
                    failed: 0,
                    first: decision.deployment.clone(),
                    why: error.to_string(),
                    suspended: None,
                    tolerated: !degrades(decision, &step.strategy),
                });
                match error {
                    StrategyError::Suspended { last } => {
                        let (count, _) = failure.suspended.get_or_insert_with(|| (0, last.to_string()));
                        *count += 1;
                    }
                    _ => failure.failed += 1,
                }
            }
        }
        found.into_values().collect()
    }

    /// How often it failed, where first and why.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { failed, first, why, .. } = self;
        let deployments = if *failed == 1 { "deployment" } else { "deployments" };
        let counts = if self.tolerated { "; its failures are left out of account" } else { "" };
        format!("failed for {failed} {deployments}{counts}; for `{first}`: {why}")
    }

    /// The same of its suspension, if it came to that.
    #[must_use]
    pub fn suspension_told(&self) -> Option<String> {
        let (count, last) = self.suspended.as_ref()?;
        let deployments = if *count == 1 { "deployment" } else { "deployments" };
        Some(format!(
            "not asked about {count} more {deployments}, because it went over its limits \
             {OVER_LIMITS_IN_A_ROW} times in a row; at last: {last}"
        ))
    }
}

/// Whether a strategy's failure keeps the decision from being the whole truth.
fn degrades(decision: &Decision, strategy: &StrategyId) -> bool {
    let by_it = |one: &Degradation| matches!(one, Degradation::Strategy { id, .. } if id == strategy);
    decision.degradations.iter().any(by_it)
}
