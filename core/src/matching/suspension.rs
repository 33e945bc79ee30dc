//! Strategies that go over their limits again and again are left out for the
//! rest of a run.

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
    /// How often in a row, by the strategy's place in the chain.
    in_a_row: Vec<u32>,
}

impl Suspensions {
    /// Whether the strategy at that place of the chain is not asked any more.
    #[must_use]
    pub fn suspends(&self, place: usize) -> bool {
        self.in_a_row.get(place).is_some_and(|count| *count >= OVER_LIMITS_IN_A_ROW)
    }

    /// Takes the next decision into account. Says whether a strategy is
    /// suspended from here on that was not before.
    pub(super) fn note(&mut self, decision: &Decision) -> bool {
        self.in_a_row.resize(decision.trace.len(), 0);
        let mut suspended = false;
        for (count, step) in self.in_a_row.iter_mut().zip(&decision.trace) {
            match &step.result {
                StepResult::Failed(StrategyError::OverLimit { .. }) => {
                    *count += 1;
                    suspended |= *count == OVER_LIMITS_IN_A_ROW;
                }
                StepResult::Failed(StrategyError::Suspended(_)) | StepResult::Skipped => {}
                _ => *count = 0,
            }
        }
        suspended
    }
}
