//! What a difference says is true of both sides, and nothing is left out.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reconciler_core::decisions::{Cause, ChangeKind, ClaimChange, DecisionRecord, Difference};
use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{MatchEngine, Outcome, PolicyKind};
use reconciler_core::model::DeploymentName;
use reconciler_tests::fleets;
use reconciler_tests::scene::{A, B, C, Scene, engine_of, states, states_all};

use super::random::{bounded, engine, records, set};

fn mirrored(kind: ChangeKind) -> Option<ChangeKind> {
    Some(match kind {
        ChangeKind::Appeared => ChangeKind::Vanished,
        ChangeKind::Vanished => ChangeKind::Appeared,
        ChangeKind::ToReview => ChangeKind::ReviewToUnmatched,
        ChangeKind::ReviewToUnmatched => ChangeKind::ToReview,
        ChangeKind::NewlyMatched | ChangeKind::ReviewToMatch => ChangeKind::Lost,
        ChangeKind::Lost => return None,
        same => same,
    })
}

proptest! {
    #![proptest_config(bounded())]

    #[test]
    fn a_set_differs_from_itself_in_nothing(records in set()) {
        let mut reversed = records.clone();
        reversed.reverse();
        let difference = Difference::between(&records, &reversed);
        prop_assert!(difference.is_empty(), "{:?}", difference);
        prop_assert_eq!(difference.compared, records.len());
    }

    #[test]
    fn exactly_what_differs_is_told_both_ways(before in set(), after in set()) {
        let difference = Difference::between(&before, &after);
        let find = |side: &[DecisionRecord], name: &DeploymentName| {
            side.iter().find(|record| record.deployment == *name).cloned()
        };
        let names: BTreeSet<&DeploymentName> =
            before.iter().chain(&after).map(|record| &record.deployment).collect();
        let told: BTreeSet<&DeploymentName> = difference.changes.iter().map(|one| &one.deployment).collect();
        prop_assert_eq!(told.len(), difference.changes.len());
        for name in names {
            let (old, new) = (find(&before, name), find(&after, name));
            prop_assert_eq!(told.contains(name), old != new, "{}", name);
        }
        let back = Difference::between(&after, &before);
        prop_assert_eq!(back.changes.len(), difference.changes.len());
        for change in &difference.changes {
            prop_assert_eq!(&change.before, &find(&before, &change.deployment));
            prop_assert_eq!(&change.after, &find(&after, &change.deployment));
            let other = back.changes.iter().find(|one| one.deployment == change.deployment).unwrap();
            match mirrored(change.kind) {
                Some(kind) => prop_assert_eq!(other.kind, kind),
                None => prop_assert!(
                    matches!(other.kind, ChangeKind::NewlyMatched | ChangeKind::ReviewToMatch)
                ),
            }
        }
        prop_assert!(difference.changes.windows(2).all(|pair| pair[0].kind <= pair[1].kind));
    }

    #[test]
    fn two_thresholds_flip_what_lies_between_and_what_a_claim_kept_back(
        low in 0..=1000_u16,
        high in 0..=1000_u16,
    ) {
        let (low, high) = (low.min(high), low.max(high));
        let fleet = fleets::load(&fleets::demo());
        // Nobody carries the broker's name for A or B: the surer one of two
        // keeps it alone as soon as the other falls below the threshold.
        let scene = Scene::of("redis: small small-ha")
            .deployment("cache", states_all("redis", "redis-small", A))
            .deployment(format!("redis-small-{A}-old"), Manifest::absent())
            .deployment("one", states_all("redis", "redis-small-ha", B))
            .deployment("two", states_all("redis", "redis-small-ha", B));
        let demo = |engine: &MatchEngine| engine.decide_all(&fleet.deployments, &fleet.facts);
        let sides = [low, high].map(|threshold| engine(PolicyKind::Best, threshold));
        for [before, after] in [[demo(&sides[0]), demo(&sides[1])], [scene.decide(&sides[0]), scene.decide(&sides[1])]] {
            let difference = Difference::between(&records(&before), &records(&after));
            for change in difference.changes.iter().filter(|change| change.kind.is_flip()) {
                let confidence = change.after.as_ref().unwrap().confidence.unwrap().as_per_mille();
                let between = (low..high).contains(&confidence);
                let claimed = matches!(change.causes.as_slice(), [Cause::Claim { .. }]);
                prop_assert!(between != claimed, "{} to {}: {:?}", low, high, change);
            }
        }
    }

    #[test]
    fn two_thresholds_flip_exactly_what_lies_between(low in 0..=1000_u16, high in 0..=1000_u16) {
        let (low, high) = (low.min(high), low.max(high));
        // Nobody claims another's instance here.
        let scene = Scene::of("redis: small small-ha")
            .entry(C, "redis", "redis-small")
            .deployment(format!("redis-small-{A}"), states(A))
            .deployment("cache", states_all("redis", "redis-small-ha", B))
            .deployment("redis-small-00000000-0000-4000-8000-000000000000-old", Manifest::absent())
            .deployment(format!("redis-small-{C}"), states(C));
        for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
            let decide = |threshold| scene.decide(&engine(kind, threshold));
            let (before, after) = (decide(low), decide(high));
            let difference = Difference::between(&records(&before), &records(&after));
            let flips: BTreeSet<&str> = difference
                .changes
                .iter()
                .filter(|change| change.kind.is_flip())
                .map(|change| change.deployment.as_str())
                .collect();
            // By `best` the confidence is the same on both sides.
            if kind == PolicyKind::Best {
                let between: BTreeSet<&str> = before
                    .iter()
                    .filter(|decision| matches!(decision.outcome, Outcome::Matched(_)))
                    .filter(|decision| decision.winner().unwrap().confidence.as_per_mille() < high)
                    .map(|decision| decision.deployment.as_str())
                    .collect();
                prop_assert_eq!(&flips, &between, "{} to {}", low, high);
                prop_assert!(difference.changes.iter().all(|one| one.causes == [Cause::Rules { why: None }]), "{:?}", difference);
            }
        }
    }
}

#[test]
fn a_fleet_differs_from_itself_in_nothing() {
    let fleet = fleets::load(&fleets::demo());
    for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
        let decide = || records(&engine(kind, 700).decide_all(&fleet.deployments, &fleet.facts));
        let difference = Difference::between(&decide(), &decide());
        assert!(difference.is_empty(), "{difference:?}");
    }
}

#[test]
fn a_strategy_that_is_left_out_is_named_as_the_cause() {
    let fleet = fleets::load(&fleets::demo());
    let decide = |ids: &[&str]| records(&engine_of(ids).decide_all(&fleet.deployments, &fleet.facts));
    let whole = decide(&["manifest-metadata", "stored-record", "uuid-pattern"]);
    let without = decide(&["stored-record", "uuid-pattern"]);
    let difference = Difference::between(&whole, &without);
    let lost: Vec<_> = difference.of_kind(ChangeKind::Lost).collect();
    assert!(lost.iter().any(|change| change.deployment.as_str() == "booking-search-cache"), "{lost:?}");
    for change in lost {
        let [Cause::Strategy { strategy, before, after }] = change.causes.as_slice() else {
            panic!("{change:?}");
        };
        assert_eq!(strategy.as_str(), "manifest-metadata");
        assert!(!before.is_empty() && after.is_empty(), "{change:?}");
    }
}

#[test]
fn a_second_claim_is_told_as_one() {
    let alone = Scene::of("redis: small").deployment("cache", states_all("redis", "redis-small", A));
    let both = alone.clone().deployment(format!("redis-small-{A}"), states(A));
    let engine = engine(PolicyKind::Best, 700);
    let difference = Difference::between(&records(&alone.decide(&engine)), &records(&both.decide(&engine)));
    let lost: Vec<_> = difference.of_kind(ChangeKind::Lost).collect();
    let holder = DeploymentName::new(format!("redis-small-{A}")).unwrap();
    assert_eq!(lost[0].causes, [Cause::Claim { claim: ClaimChange::New, holder: Some(holder.clone()) }]);
    assert_eq!(difference.of_kind(ChangeKind::Appeared).count(), 1);
    assert_eq!((difference.flips(), difference.compared), (1, 1));
    let back = Difference::between(&records(&both.decide(&engine)), &records(&alone.decide(&engine)));
    let matched: Vec<_> = back.of_kind(ChangeKind::ReviewToMatch).collect();
    assert_eq!(matched[0].causes, [Cause::Claim { claim: ClaimChange::Gone, holder: Some(holder) }]);
}
