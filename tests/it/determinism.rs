//! The same input gives the same bytes, for any number of workers and any order
//! of deployments, and names alone never cost a parse.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use reconciler_core::manifest::{Deployment, Manifest};
use reconciler_core::matching::{DecisionView, Facts, MatchEngine, Policy, PolicyKind};
use reconciler_tests::fleets;
use reconciler_tests::scene::{Scene, broken, engine_of, states, states_all};

fn engine(workers: usize, kind: PolicyKind) -> MatchEngine {
    MatchEngine::builder()
        .with_registered()
        .unwrap()
        .policy(Policy { kind, ..Policy::default() })
        .workers(NonZeroUsize::new(workers).unwrap())
        .build()
        .unwrap()
}

/// The decisions as they are printed, by deployment.
fn bytes(engine: &MatchEngine, deployments: &[Deployment], facts: &Facts) -> BTreeMap<String, String> {
    let decisions = engine.decide_all(deployments, facts);
    let names: Vec<_> = decisions.iter().map(|one| one.deployment.as_str()).collect();
    let given: Vec<_> = deployments.iter().map(|one| one.summary.name.as_str()).collect();
    assert_eq!(names, given, "decisions come in the order of deployments");
    decisions
        .iter()
        .map(|one| (one.deployment.to_string(), serde_json::to_string(&DecisionView::of(one)).unwrap()))
        .collect()
}

/// A fleet of a few hundred deployments of every kind, several claims among
/// them.
fn large() -> Scene {
    let mut scene = Scene::of("redis: small small-ha; rabbitmq: standalone; mariadb: standalone");
    for i in 0..60_u32 {
        let uuid = format!("{i:08x}-0000-4000-8000-{:012x}", i * 7919);
        scene = scene
            .deployment(format!("redis-small-{uuid}"), states(&uuid))
            .deployment(format!("redis-small-{uuid}-old"), states(&uuid))
            .deployment(format!("rabbitmq-standalone-{i:08x}-1111-4000-8000-000000000000"), broken())
            .deployment(format!("cache-{i}"), states_all("redis", "redis-small", &uuid))
            .deployment(format!("platform-{i}"), Manifest::absent());
    }
    scene
}

/// A deterministic shuffle: Fisher and Yates, with a linear generator.
fn shuffled(deployments: &[Deployment], seed: u64) -> Vec<Deployment> {
    let mut shuffled = deployments.to_vec();
    let mut state = seed;
    for at in (1..shuffled.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (at + 1);
        shuffled.swap(at, other);
    }
    shuffled
}

#[test]
fn workers_and_order_never_change_a_byte() {
    let demo = fleets::load(&fleets::demo());
    let large = large();
    for (deployments, facts) in [(demo.deployments, demo.facts), (large.deployments.clone(), large.facts())] {
        for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
            let expected = bytes(&engine(1, kind), &deployments, &facts);
            for workers in [2, 8] {
                assert_eq!(
                    bytes(&engine(workers, kind), &deployments, &facts),
                    expected,
                    "{workers} workers"
                );
            }
            for seed in 0..10 {
                let shuffled = shuffled(&deployments, seed);
                assert_eq!(bytes(&engine(2, kind), &shuffled, &facts), expected, "shuffle {seed}");
            }
        }
    }
}

#[test]
fn a_second_run_from_the_files_gives_the_same_bytes() {
    let run = || {
        let fleet = fleets::load(&fleets::demo());
        bytes(&engine(2, PolicyKind::Best), &fleet.deployments, &fleet.facts)
    };
    assert_eq!(run(), run());
}

#[test]
fn deciding_a_part_of_the_fleet_gives_the_same_decisions() {
    let demo = fleets::load(&fleets::demo());
    let engine = engine(1, PolicyKind::Best);
    let all = engine.decide_each(&demo.deployments, &demo.facts);
    for size in [1, 7] {
        let parts: Vec<_> =
            demo.deployments.chunks(size).flat_map(|part| engine.decide_each(part, &demo.facts)).collect();
        assert_eq!(parts, all, "{size} at once");
    }
}

#[test]
fn a_chain_of_names_never_parses_and_no_broken_manifest_harms_it() {
    let engine = engine_of(&["stored-record", "uuid-pattern", "name-heuristics"]);
    let demo = fleets::load(&fleets::demo());
    let mut with_broken = demo.deployments.clone();
    with_broken.iter_mut().for_each(|deployment| deployment.manifest = broken());
    let large = large();

    let intact = engine.decide_all(&demo.deployments, &demo.facts);
    assert_eq!(engine.decide_all(&with_broken, &demo.facts), intact);
    let decisions = engine.decide_all(&large.deployments, &large.facts());
    assert!(decisions.iter().chain(&intact).all(|decision| !decision.is_degraded()));
    assert!(intact.iter().filter(|decision| decision.identity().is_some()).count() > 10);
    for deployment in demo.deployments.iter().chain(&with_broken).chain(&large.deployments) {
        assert!(!deployment.manifest.is_parsed(), "{}", deployment.summary.name);
    }
}
