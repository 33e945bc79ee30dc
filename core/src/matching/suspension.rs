//! Strategies that go over their limits again and again are left out for the
//! rest of a run.

use std::sync::Arc;

use super::StrategyError;
use super::decision::{Decision, StepResult};

/// So many times in a row a strategy may go over its limits in a run.
pub const OVER_LIMITS_IN_A_ROW: u32 = 5;

/// Which strategies of a chain are suspended, and how near the others are.
///
/// Counted over the decisions in the order of the deployments, so that it
/// depends on nothing else. A strategy that was skipped neither adds nor clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suspensions {
    /// By the strategy's place in the chain.
    strategies: Vec<Standing>,
}

/// How near a strategy is to being suspended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Standing {
    /// It did its work, or failed for another reason.
    #[default]
    Asked,
    /// So often in a row it went over its limits.
    Exceeding(u32),
    /// It is not asked any more; its last failure.
    Suspended(Arc<str>),
}

impl Suspensions {
    /// Why the strategy at that place of the chain is not asked any more: its
    /// last failure.
    #[must_use]
    pub fn suspended(&self, place: usize) -> Option<&Arc<str>> {
        match self.strategies.get(place) {
            Some(Standing::Suspended(last)) => Some(last),
            _ => None,
        }
    }

    /// Takes the next decision into account. Says whether a strategy is
    /// suspended from here on that was not before.
    pub(super) fn note(&mut self, decision: &Decision) -> bool {
        self.strategies.resize(decision.trace.len(), Standing::Asked);
        let mut suspended = false;
        for (standing, step) in self.strategies.iter_mut().zip(&decision.trace) {
            match &step.result {
                StepResult::Failed(error @ StrategyError::OverLimit { .. }) => {
                    let before = match standing {
                        Standing::Exceeding(count) => *count,
                        _ => 0,
                    };
                    let count = before + 1;
                    *standing = if count < OVER_LIMITS_IN_A_ROW {
                        Standing::Exceeding(count)
                    } else {
                        suspended = true;
                        Standing::Suspended(error.to_string().into())
                    };
                }
                StepResult::Failed(StrategyError::Suspended { .. }) | StepResult::Skipped => {}
                _ => *standing = Standing::Asked,
            }
        }
        suspended
    }
}
