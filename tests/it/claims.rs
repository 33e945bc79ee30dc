//! One instance, one deployment: what becomes of several claims on an instance.

use std::collections::BTreeMap;

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{MatchEngine, PolicyKind, settle_claims};
use reconciler_tests::scene::{A, B, Scene, broken, engine, engine_of, outcome, states, states_all};

const CATALOG: &str = "redis: small small-ha; rabbitmq: standalone";

/// Decides the fleet in every order of its deployments; the outcomes by name.
fn settled(scene: &Scene, engine: &MatchEngine) -> BTreeMap<String, String> {
    let by_name = |scene: &Scene| -> BTreeMap<String, String> {
        let decisions = scene.decide(engine);
        let mut again = decisions.clone();
        settle_claims(&mut again, &scene.facts().index);
        assert_eq!(again, decisions, "settled claims stay settled");
        decisions.iter().map(|one| (one.deployment.to_string(), outcome(one))).collect()
    };
    let first = by_name(scene);
    for order in orders(scene.deployments.len()) {
        let mut shuffled = scene.clone();
        shuffled.deployments = order.iter().map(|at| scene.deployments[*at].clone()).collect();
        assert_eq!(by_name(&shuffled), first, "order {order:?}");
    }
    first
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    orders(count - 1)
        .into_iter()
        .flat_map(|order| {
            (0..count).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, count - 1);
                longer
            })
        })
        .collect()
}

/// Holds a fleet against what is expected of each deployment, by both policies.
fn check(scene: &Scene, expected: &[(&str, &str)]) {
    for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
        check_with(scene, &engine(kind), expected);
    }
}

fn check_with(scene: &Scene, engine: &MatchEngine, expected: &[(&str, &str)]) {
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(name, outcome)| ((*name).to_owned(), (*outcome).to_owned())).collect();
    assert_eq!(settled(scene, engine), expected, "{}", engine.policy());
}

#[test]
fn the_expected_name_keeps_the_instance() {
    let holder = format!("redis-small-{A}");
    let scene = Scene::of(CATALOG)
        .deployment(&holder, states(A))
        .deployment("cache", states_all("redis", "redis-small", A))
        .deployment("queue", states_all("rabbitmq", "rabbitmq-standalone", A));
    let second = format!("review second-claim of {holder}");
    let kept = format!("matched redis / redis-small / {A}");
    check(&scene, &[(&holder, &kept), ("cache", &second), ("queue", &second)]);
}

/// An index that has a deployment with a name of its own on record.
fn on_record(deployment: &str) -> String {
    format!(
        r#"{{"{A}": {{"service_id": "redis", "plan_id": "redis-small", "deployment_name": "{deployment}"}}}}"#
    )
}

#[test]
fn a_copy_does_not_take_over_from_the_deployment_on_record() {
    let kept = format!("matched redis / redis-small / {A}");
    let second = "review second-claim of original";
    let stated = || states_all("redis", "redis-small", A);
    let scene = |original: Manifest| {
        Scene::of(CATALOG)
            .index(on_record("original"))
            .deployment("original", original)
            .deployment("drill", stated())
    };
    check(&scene(stated()), &[("original", &kept), ("drill", second)]);
    check(&scene(broken()), &[("original", "review degraded"), ("drill", second)]);
    check(&scene(Manifest::absent()), &[("original", "unmatched"), ("drill", second)]);
}

#[test]
fn a_deployment_on_record_that_is_gone_holds_nothing() {
    let scene = Scene::of(CATALOG)
        .index(on_record("gone"))
        .deployment("cache", states_all("redis", "redis-small", A));
    check(&scene, &[("cache", &format!("matched redis / redis-small / {A}"))]);
}

#[test]
fn without_an_expected_name_nobody_keeps_it() {
    let scene = Scene::of(CATALOG)
        .deployment("cache-blue", states_all("redis", "redis-small", A))
        .deployment("cache-green", states_all("redis", "redis-small", A))
        .deployment("cache-red", states_all("redis", "redis-small", B));
    let second = "review second-claim of nobody";
    let other = format!("matched redis / redis-small / {B}");
    check(&scene, &[("cache-blue", second), ("cache-green", second), ("cache-red", &other)]);
}

#[test]
fn with_two_expected_names_nobody_keeps_it() {
    let second = "review second-claim of nobody";
    // The same UUID in two spellings.
    let (lower, upper) = (format!("redis-small-{A}"), format!("redis-small-{}", A.to_uppercase()));
    let scene = Scene::of(CATALOG)
        .deployment(&lower, Manifest::absent())
        .deployment(&upper, Manifest::absent())
        .deployment("cache", states_all("redis", "redis-small", A));
    check(&scene, &[(&lower, second), (&upper, second), ("cache", second)]);
    // The same instance with two plans.
    let (small, ha) = (format!("redis-small-{A}"), format!("redis-small-ha-{A}"));
    let scene = Scene::of(CATALOG).deployment(&small, states(A)).deployment(&ha, states(A));
    check(&scene, &[(&small, second), (&ha, second)]);
}

#[test]
fn one_claim_is_no_conflict() {
    let scene = Scene::of(CATALOG)
        .deployment("cache", states_all("redis", "redis-small", A))
        .deployment(format!("redis-small-ha-{B}"), states(B));
    let (cache, ha) =
        (format!("matched redis / redis-small / {A}"), format!("matched redis / redis-small-ha / {B}"));
    check(&scene, &[("cache", &cache), (&format!("redis-small-ha-{B}"), &ha)]);
}

#[test]
fn a_holder_in_review_keeps_copies_from_matching() {
    let holder = format!("redis-small-{A}");
    let second = format!("review second-claim of {holder}");
    for (manifest, becomes) in [
        (broken(), "review degraded"),
        (Manifest::from_bytes(vec![0xff]), "review degraded"),
        (Manifest::unread("timed out"), "review degraded"),
        (states(B), "review contradicted"),
        (states_all("rabbitmq", "redis-small", A), "review contradicted"),
    ] {
        let scene = Scene::of(CATALOG)
            .deployment(&holder, manifest)
            .deployment("cache", states_all("redis", "redis-small", A));
        check(&scene, &[(&holder, becomes), ("cache", &second)]);
    }
}

#[test]
fn a_holder_keeps_copies_from_matching_even_if_no_strategy_speaks_for_it() {
    let metadata_alone = engine_of(&["manifest-metadata"]);
    for (holder, instance) in [
        (format!("redis-small-{A}"), A.to_owned()),
        (format!("redis-small-{A}"), A.to_uppercase()),
        ("redis-small-relaxed-tesla".to_owned(), "relaxed-tesla".to_owned()),
    ] {
        let second = format!("review second-claim of {holder}");
        for (manifest, becomes) in
            [(broken(), "review degraded"), (states(B), "unmatched"), (Manifest::absent(), "unmatched")]
        {
            let scene = Scene::of(CATALOG)
                .index(format!(r#"{{"{instance}": {{}}}}"#))
                .deployment(&holder, manifest)
                .deployment("cache", states_all("redis", "redis-small", &instance));
            check_with(&scene, &metadata_alone, &[(&holder, becomes), ("cache", &second)]);
        }
    }
}

#[test]
fn an_instance_with_a_name_has_one_deployment_too() {
    let holder = "redis-small-ha-relaxed-tesla";
    let scene = Scene::of(CATALOG)
        .entry("relaxed-tesla", "redis", "redis-small-ha")
        .deployment(holder, states("relaxed-tesla"))
        .deployment("cache", states_all("redis", "redis-small-ha", "relaxed-tesla"));
    check(
        &scene,
        &[
            (holder, "matched redis / redis-small-ha / relaxed-tesla"),
            ("cache", &format!("review second-claim of {holder}")),
        ],
    );
}

#[test]
fn a_retired_plan_holds_its_instance() {
    let holder = format!("redis-legacy-{A}");
    let scene = Scene::of(CATALOG)
        .entry(A, "redis", "redis-legacy")
        .deployment(&holder, broken())
        .deployment(format!("redis-small-{A}"), states(A));
    // Both names are the broker's for this instance, so nobody keeps it.
    check_with(
        &scene,
        &engine(PolicyKind::Best),
        &[(&holder, "review degraded"), (&format!("redis-small-{A}"), "review second-claim of nobody")],
    );
}
