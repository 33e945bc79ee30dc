//! What an explanation says about a decision is true of it.

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{Explanation, MatchEngine, Policy, PolicyKind};
use reconciler_tests::scene::{A, Scene, broken, engine, engine_of, states, states_all};

const CATALOG: &str = "redis: small small-ha";

/// The explanation of the last deployment.
fn explained(scene: &Scene, engine: &MatchEngine) -> String {
    let decisions = scene.decide(engine);
    Explanation::new(decisions.last().unwrap(), engine.policy()).to_string()
}

/// The lines below `Candidates` or `Runners-up`, without the identity.
fn why_not(explanation: &str) -> Vec<&str> {
    let list = explanation.split("\nCandidates\n").nth(1);
    let list = list.or_else(|| explanation.split("\nRunners-up\n").nth(1)).unwrap_or_default();
    list.lines().filter_map(|line| line.rsplit_once("   ").map(|(_, why)| why)).collect()
}

#[test]
fn a_candidate_that_leads_is_told_why_it_did_not_win() {
    let best = engine(PolicyKind::Best);
    let small = format!("redis-small-{A}");
    let two_cuts = r#"{"ha-tesla": {"service_id": "redis", "plan_id": "redis-small"},
        "tesla": {"service_id": "redis", "plan_id": "redis-small-ha"}}"#;
    let cases = [
        (
            Scene::of(CATALOG)
                .deployment(&small, states(A))
                .deployment("cache", states_all("redis", "redis-small", A)),
            vec!["another deployment claims this instance"],
        ),
        (Scene::of(CATALOG).deployment(&small, broken()), vec!["not every strategy could do its work"]),
        (Scene::of(CATALOG).deployment(&small, states("tesla")), vec!["a strategy vetoed it"]),
        (
            Scene::of(CATALOG).deployment(format!("{small}-old"), Manifest::absent()),
            vec!["below the threshold 0.700"],
        ),
        (
            Scene::of(CATALOG).index(two_cuts).deployment("redis-small-ha-tesla", Manifest::absent()),
            vec!["as sure as another: a tie is never a match"; 2],
        ),
    ];
    for (scene, expected) in cases {
        let explanation = explained(&scene, &best);
        assert_eq!(why_not(&explanation), expected, "{explanation}");
    }
}

#[test]
fn a_candidate_that_leads_by_too_little_says_by_how_much() {
    let two_cuts = r#"{"tesla": {"service_id": "redis", "plan_id": "redis-small-ha"}}"#;
    let scene = Scene::of(CATALOG).index(two_cuts).deployment("redis-small-ha-tesla", states("ha-tesla"));
    let explanation = explained(&scene, &engine_of(&["manifest-metadata", "stored-record"]));
    assert_eq!(
        why_not(&explanation),
        ["only 0.030 ahead of the next", "0.030 behind the best"],
        "{explanation}"
    );
    assert!(explanation.contains("leads the next, 0.950, by 0.030, less than the margin 0.150"));
}

#[test]
fn what_decided_is_told_for_each_policy() {
    let scene = Scene::of(CATALOG).deployment(format!("redis-small-{A}"), states(A));
    let best = explained(&scene, &engine(PolicyKind::Best));
    assert!(best.contains("0.950 reaches the threshold 0.700, and nothing else was proposed"), "{best}");
    let first = explained(&scene, &engine(PolicyKind::FirstMatch));
    assert!(first.contains("the first strategy that reached the threshold 0.700 decided"), "{first}");
    assert_eq!(first.matches("skipped    an earlier strategy had decided").count(), 4, "{first}");
    let policy = Policy { kind: PolicyKind::FirstMatch, ..Policy::default() };
    assert!(first.contains(&policy.to_string()), "{first}");
}

#[test]
fn a_degraded_decision_names_what_failed_and_where() {
    let scene = Scene::of(CATALOG).deployment(format!("redis-small-{A}"), broken());
    let text = explained(&scene, &engine(PolicyKind::Best));
    assert!(
        text.contains("Degraded    manifest: 2:1: not YAML") && text.contains("[manifest.syntax]"),
        "{text}"
    );
    assert!(text.contains("not every strategy could do its work"), "{text}");
}
