//! Decisions made again, held against those that were saved.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{SavedDecision, SavedOutcome};
use crate::model::DeploymentName;

/// How decisions made again differ from those that were saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Replay {
    /// How many deployments were decided on either side.
    pub decisions: usize,
    /// The deployments of which something else was decided, by name.
    pub changed: Vec<ChangedOutcome>,
    /// The deployments of which the same was decided, but by another way: with
    /// another confidence, other candidates, other opinions.
    pub other_way: Vec<DeploymentName>,
}

/// A deployment of which something else was decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedOutcome {
    /// The deployment.
    pub deployment: DeploymentName,
    /// What was decided; nothing if it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<SavedOutcome>,
    /// What is decided now; nothing if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<SavedOutcome>,
}

impl Replay {
    /// Compares decisions by the deployments' names.
    #[must_use]
    pub fn of(saved: &[SavedDecision], now: &[SavedDecision]) -> Self {
        let mut pairs: BTreeMap<&DeploymentName, (Option<&SavedDecision>, Option<&SavedDecision>)> =
            BTreeMap::new();
        for decision in saved {
            pairs.entry(&decision.deployment).or_default().0 = Some(decision);
        }
        for decision in now {
            pairs.entry(&decision.deployment).or_default().1 = Some(decision);
        }
        let mut replay = Self { decisions: pairs.len(), ..Self::default() };
        for (deployment, (before, after)) in pairs {
            if before == after {
                continue;
            }
            let outcome = |decision: Option<&SavedDecision>| decision.map(|one| one.outcome.clone());
            let (before, after) = (outcome(before), outcome(after));
            if before == after {
                replay.other_way.push(deployment.clone());
            } else {
                replay.changed.push(ChangedOutcome { deployment: deployment.clone(), before, after });
            }
        }
        replay
    }

    /// Whether the same was decided of every deployment, by whatever way.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.changed.is_empty()
    }

    /// Whether the same was decided for the same reasons.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.is_same() && self.other_way.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(deployment: &str, outcome: &str, confidence: f64) -> SavedDecision {
        serde_json::from_value(
            serde_json::json!({"deployment": deployment, "outcome": outcome, "confidence": confidence}),
        )
        .unwrap()
    }

    #[test]
    fn decisions_are_told_apart_by_what_was_decided_and_by_which_way() {
        let before = [saved("a", "matched", 0.9), saved("b", "matched", 0.9), saved("c", "unmatched", 0.0)];
        let after = [saved("b", "matched", 0.8), saved("a", "review", 0.9), saved("d", "unmatched", 0.0)];
        let replay = Replay::of(&before, &after);
        let changed: Vec<_> = replay.changed.iter().map(|one| one.deployment.as_str()).collect();
        assert_eq!((changed, replay.decisions), (vec!["a", "c", "d"], 4));
        assert_eq!(replay.other_way.iter().map(DeploymentName::as_str).collect::<Vec<_>>(), ["b"]);
        assert!(!replay.is_same());
        assert!(Replay::of(&before, &before).is_exact());
    }
}
