//! One instance, one deployment: settles what several deployments claim.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::decision::{Decision, Outcome, ReviewReason};
use crate::model::recognise::split_trailing_uuid;
use crate::model::{Identity, Index, InstanceId};

/// Sends second claims to review. The deployment that carries the name the
/// broker would have given it keeps the instance; if none does, the one that the
/// index has on record; if there is none either, or several carry the name,
/// nobody keeps it.
///
/// Such a deployment holds the instance even if it is itself in review, or no
/// strategy speaks for it: that its manifest could not be read
/// must not let a copy take over.
///
/// Takes the decisions over the whole fleet: what is shown or written may be
/// fewer, what is decided may not.
pub fn settle_claims(decisions: &mut [Decision], index: &Index) {
    let names = Names::of(decisions);
    let mut claims: BTreeMap<InstanceId, Claims> = BTreeMap::new();
    for (at, decision) in decisions.iter().enumerate() {
        if let Some(identity) = decision.identity() {
            let claim = claims.entry(identity.instance.clone()).or_default();
            claim.matched.push(at);
            claim.expected.extend(names.expected(identity, decisions));
            let recorded =
                index.entry(&identity.instance).and_then(|entry| entry.fields.text("deployment_name"));
            claim.recorded = recorded.and_then(|name| names.exactly(&name, decisions));
        }
        for ranked in &decision.ranking {
            if ranked.identity.expects(decision.deployment.as_str()) {
                claims.entry(ranked.identity.instance.clone()).or_default().expected.insert(at);
            }
        }
    }
    for Claims { matched, expected, recorded } in claims.values() {
        let holder = match (matched.as_slice(), expected.len()) {
            (_, 1) => expected.first().copied(),
            (_, 0) if recorded.is_some() => *recorded,
            ([only], 0) => Some(*only),
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
    expected: BTreeSet<usize>,
    /// The deployment that the index has on record for it, if it is there.
    recorded: Option<usize>,
}

/// The places of the decisions by the names of their deployments, the case of a
/// trailing UUID aside.
struct Names(HashMap<String, Vec<usize>>);

impl Names {
    fn of(decisions: &[Decision]) -> Self {
        let mut names: HashMap<String, Vec<usize>> = HashMap::with_capacity(decisions.len());
        for (at, decision) in decisions.iter().enumerate() {
            names.entry(folded(decision.deployment.as_str())).or_default().push(at);
        }
        Self(names)
    }

    /// The deployment of exactly that name.
    fn exactly(&self, name: &str, decisions: &[Decision]) -> Option<usize> {
        let mut found = self.0.get(&folded(name))?.iter().copied();
        found.find(|at| decisions[*at].deployment.as_str() == name)
    }

    /// The deployments that carry the name the broker would give this instance.
    fn expected(&self, identity: &Identity, decisions: &[Decision]) -> impl Iterator<Item = usize> {
        let found = self.0.get(&folded(&identity.expected_deployment()));
        found.into_iter().flatten().copied().filter(|at| identity.expects(decisions[*at].deployment.as_str()))
    }
}

fn folded(name: &str) -> String {
    match split_trailing_uuid(name) {
        Some((stem, uuid)) => format!("{stem}-{}", uuid.text.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}
