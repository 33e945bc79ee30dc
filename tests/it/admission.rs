//! Which proposals compete, whatever strategy makes them.

use std::sync::Arc;

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{
    ChainEntry, Confidence, Decision, Family, MatchContext, MatchEngine, MatchStrategy, Opinion, Proposal,
    StepResult, StrategyError, StrategyMeta,
};
use reconciler_core::model::{Identity, InstanceId, PlanId, ServiceId};
use reconciler_tests::scene::{A, B, Scene, broken, outcome, states, states_all};

/// Proposes these identities, written `service plan instance`, whatever it sees.
#[derive(Debug)]
struct Insists(Vec<&'static str>);

impl MatchStrategy for Insists {
    fn assess(&self, _context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let proposals = self.0.iter().map(|text| {
            let words: Vec<&str> = text.split(' ').collect();
            let identity = Identity {
                service: ServiceId::new(words[0]).unwrap(),
                plan: PlanId::new(words[1]).unwrap(),
                instance: InstanceId::new(words[2].replace('A', A)).unwrap(),
            };
            Proposal::new(identity, Confidence::CERTAIN, Vec::new())
        });
        Ok(Opinion::Propose(proposals.collect()))
    }
}

fn decide(scene: &Scene, proposed: &[&'static str]) -> Decision {
    let meta = StrategyMeta::new("insists", 1, 1, Family::Script, "", "");
    let entry = ChainEntry::new(meta, "here", Arc::new(Insists(proposed.to_vec()))).unwrap();
    let engine = MatchEngine::builder().with_entry(entry).build().unwrap();
    scene.decide(&engine).remove(0)
}

fn fleet() -> Scene {
    Scene::of("redis: small; rabbitmq: standalone")
}

#[test]
fn a_uuid_competes_and_a_name_needs_index_or_manifest() {
    let known = || fleet().entry("tesla", "redis", "redis-small");
    let refused = "unmatched";
    let matched = "matched redis / redis-small / tesla";
    for (scene, expected) in [
        (fleet().deployment("cache", Manifest::absent()), refused),
        (fleet().deployment("redis-small-tesla", Manifest::absent()), refused),
        (fleet().deployment("redis-small-tesla", states("volta")), refused),
        (fleet().deployment("cache", states("tesla")), refused),
        (fleet().deployment("redis-small-Tesla", states("tesla")), refused),
        (fleet().deployment("redis-small-tesla", states("tesla")), matched),
        (fleet().deployment("redis-small-tesla", states_all("redis", "redis-small", "tesla")), matched),
        (known().deployment("cache", Manifest::absent()), matched),
        (known().deployment("redis-small-tesla", Manifest::absent()), matched),
    ] {
        let decision = decide(&scene, &["redis redis-small tesla"]);
        assert_eq!(outcome(&decision), expected, "{:?}", scene.deployments);
        assert_eq!(decision.trace[0].refused.len(), usize::from(expected == refused));
    }
    let uuid = decide(&fleet().deployment("cache", Manifest::absent()), &["redis redis-small A"]);
    assert_eq!(outcome(&uuid), format!("matched redis / redis-small / {A}"));
}

#[test]
fn what_cannot_be_is_the_strategys_fault_and_degrades() {
    let cache = fleet().deployment("cache", Manifest::absent());
    let legacy = |instance: &str, service: &str| {
        let scene = fleet().entry(instance, service, "redis-legacy");
        scene.deployment(format!("redis-legacy-{A}"), Manifest::absent())
    };
    for (scene, proposed) in [
        (cache.clone(), "rabbitmq redis-small A"),
        (cache.clone(), "redis redis-nothing A"),
        (legacy(B, "redis"), "redis redis-legacy A"),
        (legacy(A, "rabbitmq"), "redis redis-legacy A"),
        // The index knows the instance, but not under this deployment's name.
        (fleet().entry(A, "redis", "redis-legacy").deployment("cache", states(A)), "redis redis-legacy A"),
    ] {
        let decision = decide(&scene, &[proposed]);
        assert_eq!(outcome(&decision), "review degraded", "{proposed}");
        assert!(
            matches!(&decision.trace[0].result, StepResult::Failed(error) if error.code() == "strategy.inadmissible"),
            "{:?}",
            decision.trace[0]
        );
        assert_eq!(decision.ranking, [], "{proposed}");
    }
    let recorded = decide(&legacy(A, "redis"), &["redis redis-legacy A"]);
    assert_eq!(outcome(&recorded), format!("matched redis / redis-legacy / {A}"));
}

#[test]
fn a_refused_proposal_leaves_the_others_and_an_impossible_one_takes_them_along() {
    let cache = fleet().deployment("cache", Manifest::absent());
    let some = decide(&cache, &["redis redis-small tesla", "redis redis-small A"]);
    assert_eq!(outcome(&some), format!("matched redis / redis-small / {A}"));
    assert_eq!(some.trace[0].refused.len(), 1);
    let none = decide(&cache, &["redis redis-small A", "redis redis-nothing A"]);
    assert_eq!(outcome(&none), "review degraded");
    assert_eq!(none.ranking, []);
}

#[test]
fn a_manifest_is_read_only_if_it_can_make_a_difference() {
    // The name is not the one that a manifest could confirm.
    let cache = fleet().deployment("cache", broken());
    let decision = decide(&cache, &["redis redis-small tesla", "redis redis-small A"]);
    assert!(!cache.deployments[0].manifest.is_parsed() && !decision.is_degraded());
    let named = fleet().deployment("redis-small-tesla", broken());
    assert_eq!(outcome(&decide(&named, &["redis redis-small tesla"])), "review degraded");
}
