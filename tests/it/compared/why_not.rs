//! What it would take to make a match makes a match.

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{Decision, Explanation, MatchEngine, Policy, PolicyKind, Waterfall, WhyNot};
use reconciler_core::model::InstanceId;
use reconciler_tests::fleets;
use reconciler_tests::scene::{A, B, Scene, engine_of, states, states_all};

use super::random::engine;

fn asked(scene: &Scene, engine: &MatchEngine, instance: &str) -> WhyNot {
    let decisions = scene.decide(engine);
    let instance = InstanceId::new(instance).unwrap();
    WhyNot::of(decisions.last().unwrap(), &decisions, engine.policy(), &scene.facts().index, &instance)
}

/// Both lines of each obstacle.
fn told(why_not: &WhyNot) -> Vec<(&str, &str)> {
    why_not.obstacles.iter().map(|one| (one.what.as_str(), one.remedy.as_str())).collect()
}

#[test]
fn whatever_is_not_matched_has_something_in_the_way() {
    let fleet = fleets::load(&fleets::demo());
    for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
        for threshold in [700, 900, 990] {
            let engine = engine(kind, threshold);
            let decisions = engine.decide_all(&fleet.deployments, &fleet.facts);
            for decision in &decisions {
                for ranked in &decision.ranking {
                    let instance = &ranked.identity.instance;
                    let index = &fleet.facts.index;
                    let why_not = WhyNot::of(decision, &decisions, engine.policy(), index, instance);
                    let matched = decision.identity().is_some_and(|one| one.instance == *instance);
                    assert_eq!(why_not.matched, matched);
                    assert_eq!(why_not.obstacles.is_empty(), matched, "{why_not}");
                    assert!(!why_not.spoke_for.is_empty(), "{why_not}");
                    assert!(why_not.obstacles.iter().all(|one| !one.remedy.is_empty()), "{why_not}");
                }
            }
        }
    }
}

#[test]
fn a_margin_that_is_named_makes_the_match() {
    let two_cuts = r#"{"tesla": {"service_id": "redis", "plan_id": "redis-small-ha"}}"#;
    let scene = Scene::of("redis: small small-ha")
        .index(two_cuts)
        .deployment("redis-small-ha-tesla", states("ha-tesla"));
    let engine = engine_of(&["manifest-metadata", "stored-record"]);
    let why_not = asked(&scene, &engine, "tesla");
    let [(what, remedy)] = told(&why_not)[..] else { panic!("{why_not}") };
    assert!(what.contains("only 0.030 behind, less than the margin 0.150"), "{what}");
    assert!(remedy.ends_with("--margin 0.030"), "{remedy}");
    let decision: Decision = scene.decide(&engine).remove(0);
    let policy = Policy { margin: "0.030".parse().unwrap(), ..engine.policy() };
    assert_eq!(policy.judge(&decision.trace, &decision.ranking).name(), "matched");
    // For the other one, no margin helps.
    let other = asked(&scene, &engine, "ha-tesla");
    assert!(told(&other)[0].0.contains("0.030 ahead") && !told(&other)[0].1.contains("--margin"), "{other}");
}

#[test]
fn each_obstacle_is_told() {
    let best = engine(PolicyKind::Best, 700);
    let small = format!("redis-small-{A}");
    let catalog = "redis: small small-ha";
    for (scene, instance, what, remedy) in [
        (Scene::of(catalog).deployment(&small, states("tesla")), A, "vetoed by manifest-metadata", "no veto"),
        (
            Scene::of(catalog).deployment(format!("{small}-old"), Manifest::absent()),
            A,
            "below the threshold 0.700",
            "--threshold 0.",
        ),
        (
            Scene::of(catalog)
                .deployment(&small, states(A))
                .deployment("cache", states_all("redis", "redis-small", A)),
            A,
            "holds the instance",
            "` gone",
        ),
        (
            Scene::of(catalog).entry(B, "redis", "redis-small").deployment("cache", Manifest::absent()),
            B,
            "though the index has it",
            "at least 0.700; strategies look at the name (`redis-small-aaaaaaaa-",
        ),
        (
            Scene::of(catalog).deployment("cache", Manifest::absent()),
            B,
            "the index does not have it",
            "meta.params.instance_id",
        ),
        (
            Scene::of(catalog).deployment(&small, reconciler_tests::scene::broken()),
            A,
            "not YAML",
            "a manifest that can be read",
        ),
        (
            Scene::of(catalog).deployment("cache", states_all("redis", "redis-small", "tesla")),
            "tesla",
            "was not let in",
            "an id that is no UUID counts only if",
        ),
    ] {
        let why_not = asked(&scene, &best, instance);
        let told = told(&why_not);
        assert!(told.iter().any(|one| one.0.contains(what) && one.1.contains(remedy)), "{what}\n{why_not}");
        let text = why_not.to_string();
        assert!(text.contains(what) && text.contains("it would take: "), "{text}");
    }
}

/// Found in a review: what was said before the deciding strategy was ranked
/// beside what competes.
#[test]
fn under_first_match_only_what_competes_is_weighed() {
    let two_cuts = r#"{"tesla": {"service_id": "redis", "plan_id": "redis-small-ha"}}"#;
    let scene = Scene::of("redis: small small-ha")
        .index(two_cuts)
        .deployment("redis-small-ha-tesla", states("ha-tesla"));
    let threshold = "0.96".parse().unwrap();
    let policy = Policy { kind: PolicyKind::FirstMatch, threshold, ..Policy::default() };
    let engine = engine_of(&["manifest-metadata", "stored-record"]).under(policy);
    let decision = scene.decide(&engine).remove(0);
    assert_eq!((decision.ranking.len(), decision.outcome.name()), (2, "matched"));
    assert_eq!(policy.competing(&decision.trace, &decision.ranking).len(), 1);
    let text = Explanation::new(&decision, policy).to_string();
    assert!(text.contains("reached the threshold 0.960 decided: stored-record\n"), "{text}");
    assert!(text.contains("does not compete: stored-record decided"), "{text}");
    assert!(!text.contains("behind the best"), "{text}");
    let why_not = asked(&scene, &engine, "ha-tesla");
    assert!(told(&why_not)[0].0.contains("stored-record reached the threshold first"), "{why_not}");
}

#[test]
fn bars_show_what_was_said_and_the_threshold() {
    let scene = Scene::of("redis: small").deployment(format!("redis-small-{A}"), states(A));
    let engine = engine(PolicyKind::Best, 700);
    let text = Waterfall::new(&scene.decide(&engine)[0], engine.policy()).to_string();
    let lines: Vec<&str> = text.lines().collect();
    let column = |line: &str| line.chars().position(|c| c == '│');
    assert!(lines[0].ends_with("│ threshold 0.700"), "{text}");
    assert!(lines.iter().filter_map(|line| column(line)).all(|at| Some(at) == column(lines[0])), "{text}");
    assert!(lines[1].starts_with("redis / redis-small / 1b4e28ba"), "{text}");
}
