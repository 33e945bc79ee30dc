//! One instance, one deployment: settles what several deployments claim.

use std::collections::BTreeMap;

use super::decision::{Decision, Outcome, ReviewReason};
use crate::model::InstanceId;

/// Sends second claims to review. The deployment that carries the name the
/// broker would have given it keeps the instance; if none does, or several do,
/// nobody keeps it.
///
/// A deployment with that name holds the instance even if it is itself in
/// review: that its manifest could not be read must not let a copy take over.
///
/// Takes the decisions over the whole fleet: what is shown or written may be
/// fewer, what is decided may not.
pub fn settle_claims(decisions: &mut [Decision]) {
    let mut claims: BTreeMap<InstanceId, Claims> = BTreeMap::new();
    for (at, decision) in decisions.iter().enumerate() {
        if let Some(identity) = decision.identity() {
            claims.entry(identity.instance.clone()).or_default().matched.push(at);
        }
        for ranked in &decision.ranking {
            if ranked.identity.expects(decision.deployment.as_str()) {
                let expected = &mut claims.entry(ranked.identity.instance.clone()).or_default().expected;
                if expected.last() != Some(&at) {
                    expected.push(at);
                }
            }
        }
    }
    for Claims { matched, expected } in claims.values() {
        let holder = match (matched.as_slice(), expected.as_slice()) {
            ([only], []) => Some(*only),
            (_, [one]) => Some(*one),
            _ => None,
        };
        let name = holder.map(|at| decisions[at].deployment.clone());
        for at in matched.iter().filter(|at| Some(**at) != holder) {
            decisions[*at].outcome = Outcome::Review(ReviewReason::SecondClaim { holder: name.clone() });
        }
    }
}

/// What is claimed of one instance, as places in the list of decisions.
#[derive(Default)]
struct Claims {
    /// Deployments that were matched to it.
    matched: Vec<usize>,
    /// Deployments that carry the name the broker would give it.
    expected: Vec<usize>,
}
