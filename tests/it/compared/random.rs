//! Random records, and engines of given rules over the demo fleet.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use reconciler_core::decisions::{DecisionRecord, Degraded, RecordedOpinion, Said, Verdict};
use reconciler_core::matching::{Confidence, MatchEngine, Policy, PolicyKind};
use reconciler_core::model::{DeploymentName, Identity, InstanceId, PlanId, ServiceId, StrategyId};

/// The same cases in every run, and no files left behind.
pub(super) fn bounded() -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(8);
    ProptestConfig { cases: 128, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

/// All strategies under a policy of that kind and threshold.
pub(super) fn engine(kind: PolicyKind, threshold: u16) -> MatchEngine {
    let policy = Policy { kind, threshold: Confidence::per_mille(threshold), ..Policy::default() };
    MatchEngine::builder().with_registered().unwrap().policy(policy).build().unwrap()
}

pub(super) fn records(decisions: &[reconciler_core::matching::Decision]) -> Vec<DecisionRecord> {
    decisions.iter().map(DecisionRecord::from).collect()
}

fn name() -> impl Strategy<Value = DeploymentName> {
    // Names that YAML might take for something else, too.
    let odd =
        select(vec!["true", "null", "1.10", "1e5", "0x1F", "2024-01-02", "1_000", "12-34", "no", "+1", "-a"]);
    prop_oneof![odd.prop_map(str::to_owned), "[A-Za-z0-9][A-Za-z0-9_.+-]{0,24}"]
        .prop_filter_map("a name", |text| DeploymentName::new(text).ok())
}

fn identity() -> impl Strategy<Value = Identity> {
    let id = "[A-Za-z0-9][A-Za-z0-9_-]{0,12}";
    (id, id, id).prop_filter_map("an instance", |(service, plan, instance)| {
        Some(Identity {
            service: ServiceId::new(service).ok()?,
            plan: PlanId::new(plan).ok()?,
            instance: InstanceId::new(instance).ok()?,
        })
    })
}

fn confidence() -> impl Strategy<Value = Confidence> {
    (0..=1000_u16).prop_map(Confidence::per_mille)
}

fn codes() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::btree_set("[a-z]{1,6}(\\.[a-z-]{1,6})?", 0..3)
        .prop_map(|set| set.into_iter().collect())
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => (identity(), confidence(), codes())
            .prop_map(|(identity, confidence, evidence)| Said::Proposed { identity, confidence, evidence }),
        1 => (identity(), codes()).prop_map(|(identity, evidence)| Said::Vetoed { identity, evidence }),
        1 => identity().prop_map(|identity| Said::Refused { identity }),
        1 => "[a-z]{1,6}\\.[a-z]{1,6}".prop_map(|code| Said::Failed { code }),
    ]
}

fn opinions() -> impl Strategy<Value = Vec<RecordedOpinion>> {
    let strategies = select(vec!["stored-record", "uuid-pattern", "script:team-names"]);
    let one = (strategies, said())
        .prop_map(|(id, said)| RecordedOpinion { strategy: StrategyId::new(id).unwrap(), said });
    proptest::collection::vec(one, 0..4)
}

fn degraded() -> impl Strategy<Value = Vec<Degraded>> {
    let by = select(vec!["manifest", "uuid-pattern", "script:team-names"]);
    let one = (by, "[a-z]{1,6}\\.[a-z]{1,6}").prop_map(|(by, code)| Degraded { by: by.to_owned(), code });
    proptest::collection::vec(one, 0..2)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let reasons = select(vec!["ambiguous", "below-threshold", "contradicted", "second-claim", "degraded"]);
    prop_oneof![
        Just(Verdict::Matched),
        Just(Verdict::Unmatched),
        (reasons, proptest::option::of(name()))
            .prop_map(|(reason, holder)| Verdict::Review { reason: reason.to_owned(), holder }),
    ]
}

/// A record as a decision could be kept.
fn record(deployment: DeploymentName) -> impl Strategy<Value = DecisionRecord> {
    (verdict(), identity(), confidence(), degraded(), opinions()).prop_map(
        move |(verdict, identity, confidence, degraded, opinions)| {
            let known = verdict != Verdict::Unmatched;
            DecisionRecord {
                deployment: deployment.clone(),
                verdict,
                identity: known.then_some(identity),
                confidence: known.then_some(confidence),
                degraded,
                opinions: Some(opinions),
            }
        },
    )
}

/// Records of different deployments, by name.
pub(super) fn set() -> impl Strategy<Value = Vec<DecisionRecord>> {
    proptest::collection::btree_set(name(), 0..12)
        .prop_flat_map(|names| names.into_iter().map(record).collect::<Vec<_>>())
}
