//! One instance, one deployment: settles what several deployments claim.

use std::collections::BTreeMap;

use super::decision::{Decision, Outcome, ReviewReason};
use crate::model::InstanceId;

/// Sends second claims to review. The deployment that carries the name the
/// broker would have given it keeps the instance; if none does, or several do,
/// nobody keeps it.
///
/// Takes the decisions over the whole fleet: what is shown or written may be
/// fewer, what is decided may not.
pub fn settle_claims(decisions: &mut [Decision]) {
    let mut claims: BTreeMap<InstanceId, Vec<usize>> = BTreeMap::new();
    for (at, decision) in decisions.iter().enumerate() {
        if let Some(identity) = decision.identity() {
            claims.entry(identity.instance.clone()).or_default().push(at);
        }
    }
    for claimants in claims.values().filter(|claimants| claimants.len() > 1) {
        let expected: Vec<usize> = claimants
            .iter()
            .copied()
            .filter(|at| {
                let decision = &decisions[*at];
                decision.identity().is_some_and(|id| id.expects(decision.deployment.as_str()))
            })
            .collect();
        let holder = match expected.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let holder_name = holder.map(|at| decisions[at].deployment.clone());
        for at in claimants {
            if Some(*at) != holder {
                decisions[*at].outcome =
                    Outcome::Review(ReviewReason::SecondClaim { holder: holder_name.clone() });
            }
        }
    }
}
