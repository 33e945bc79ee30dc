//! One instance, one deployment: settles what several deployments claim.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Policy;
use super::decision::{Decision, Outcome, Ranked, ReviewReason};
use crate::model::recognise::split_trailing_uuid;
use crate::model::{DeploymentName, Identity, Index, InstanceId};

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
            claim.matched(at, identity, &names, decisions, index);
        }
        for ranked in carried(decision) {
            claims.entry(ranked.identity.instance.clone()).or_default().expected.insert(at);
        }
    }
    for claim in claims.values() {
        let holder = claim.holder();
        let name = holder.map(|at| decisions[at].deployment.clone());
        for at in claim.matched.iter().filter(|at| Some(**at) != holder) {
            decisions[*at].outcome = Outcome::Review(ReviewReason::SecondClaim { holder: name.clone() });
        }
    }
}

/// Deployments that would keep another one from an instance.
#[derive(Debug)]
pub(super) struct Rivals<'a> {
    /// All of them: if one stays, the instance is not the other's.
    pub(super) names: Vec<&'a DeploymentName>,
    /// Whether the first one holds the instance, or it is nobody's.
    pub(super) holds: bool,
    /// Whether nothing binds them to the instance but that they are matched to
    /// it: neither their name nor the index.
    pub(super) only_matched: bool,
}

/// Who would keep a deployment from an instance that it is matched to; nobody if
/// it would hold it. Takes decisions with settled claims, and looks at what they
/// were before.
pub(super) fn rivals<'a>(
    decisions: &'a [Decision],
    policy: Policy,
    index: &Index,
    deployment: &DeploymentName,
    identity: &Identity,
) -> Option<Rivals<'a>> {
    let names = Names::of(decisions);
    let own = decisions.iter().position(|decision| decision.deployment == *deployment)?;
    let mut claims = Claims::default();
    for (at, decision) in decisions.iter().enumerate() {
        let claimed = if at == own { Some(identity.clone()) } else { unsettled(decision, policy) };
        if let Some(claimed) = claimed.filter(|claimed| claimed.instance == identity.instance) {
            claims.matched(at, &claimed, &names, decisions, index);
        }
        if carried(decision).any(|ranked| ranked.identity.instance == identity.instance) {
            claims.expected.insert(at);
        }
    }
    let mut rivals = Rivals { names: Vec::new(), holds: claims.holder().is_some(), only_matched: true };
    while claims.holder() != Some(own) {
        rivals.only_matched &= claims.expected.is_empty() && claims.recorded.is_none();
        for at in claims.in_the_way_of(own) {
            claims.without(at);
            rivals.names.push(&decisions[at].deployment);
        }
    }
    (!rivals.names.is_empty()).then_some(rivals)
}

/// What a deployment was matched to before claims were settled.
fn unsettled(decision: &Decision, policy: Policy) -> Option<Identity> {
    let outcome = match &decision.outcome {
        Outcome::Review(ReviewReason::SecondClaim { .. }) => policy.judge(&decision.trace, &decision.ranking),
        outcome => outcome.clone(),
    };
    match outcome {
        Outcome::Matched(identity) => Some(identity),
        _ => None,
    }
}

/// What was proposed of a deployment that carries the name the broker would have
/// given it.
fn carried(decision: &Decision) -> impl Iterator<Item = &Ranked> {
    let name = decision.deployment.as_str();
    decision.ranking.iter().filter(move |ranked| ranked.identity.expects(name))
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

impl Claims {
    /// One more deployment is matched to the instance.
    fn matched(
        &mut self,
        at: usize,
        identity: &Identity,
        names: &Names,
        decisions: &[Decision],
        index: &Index,
    ) {
        self.matched.push(at);
        self.expected.extend(names.expected(identity, decisions));
        let recorded = index.entry(&identity.instance).and_then(|entry| entry.fields.text("deployment_name"));
        self.recorded = recorded.and_then(|name| names.exactly(&name, decisions));
    }

    fn holder(&self) -> Option<usize> {
        match (self.matched.as_slice(), self.expected.len()) {
            (_, 1) => self.expected.first().copied(),
            (_, 0) if self.recorded.is_some() => self.recorded,
            ([only], 0) => Some(*only),
            _ => None,
        }
    }

    /// Who keeps one that is matched from holding the instance, by the rule that
    /// decides now; behind it the next rule may keep it, too.
    fn in_the_way_of(&self, own: usize) -> Vec<usize> {
        let others: Vec<usize> = match self.recorded {
            _ if !self.expected.is_empty() => self.expected.iter().copied().collect(),
            Some(recorded) => vec![recorded],
            None => self.matched.clone(),
        };
        others.into_iter().filter(|at| *at != own).collect()
    }

    /// The same, were one deployment gone.
    fn without(&mut self, at: usize) {
        self.matched.retain(|one| *one != at);
        self.expected.remove(&at);
        self.recorded = self.recorded.filter(|one| *one != at);
    }
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
