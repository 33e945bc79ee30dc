//! Five errors of limits in a row suspend a script, counted in the order of the
//! deployments and by nothing else.

use std::num::NonZeroUsize;

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{Decision, MatchEngine, PolicyKind, StrategyFailure, Suspensions};
use reconciler_tests::scene::{Scene, outcome};

use super::bench::{Bench, engine, failure, options};

const FLEET: usize = 300;

/// Deployments `d-<number>-…`, so many that they do not fit one window.
fn fleet() -> Scene {
    (0..FLEET).fold(Scene::of("redis: small"), |scene, number| {
        scene.deployment(format!("redis-small-{number:08x}-2fa1-41d2-883f-0016d3cca427"), Manifest::absent())
    })
}

/// A script that loops for the numbers for which this holds of `n`.
fn loops_where(condition: &str) -> Bench {
    let body = format!(
        "let n = parse_int(deployment.name.sub_string(12, 8), 16);\nif {condition} {{ loop {{}} }}\nabstain(\"fine\")"
    );
    Bench::new().assess("slow", &body)
}

/// What became of the script's step, deployment by deployment: `.` for an
/// opinion, `x` for a failure, `s` for suspended.
fn shape(decisions: &[Decision]) -> String {
    let mark = |decision| match failure(decision, "slow").map(|error| error.code().to_owned()).as_deref() {
        None => '.',
        Some("strategy.suspended") => 's',
        Some(_) => 'x',
    };
    decisions.iter().map(mark).collect()
}

#[test]
fn five_in_a_row_suspend_for_the_rest_of_the_run() {
    let bench = loops_where("n >= 37");
    let expected = format!("{}xxxxx{}", ".".repeat(37), "s".repeat(FLEET - 42));
    let decisions = fleet().decide(&bench.engine());
    assert_eq!(shape(&decisions), expected);
    for (at, decision) in decisions.iter().enumerate() {
        let degraded = at >= 37;
        assert_eq!(decision.is_degraded(), degraded, "{at}");
        assert_eq!(outcome(decision) == "review degraded", degraded, "{at}");
        assert_eq!(decision.ranking.len(), 1, "what the others say stays visible: {at}");
    }
    let told = failure(&decisions[200], "slow").unwrap().to_string();
    assert!(told.contains("suspended") && told.contains("5 times in a row"), "{told}");
    assert!(told.contains("slow.rhai:4:") && told.contains("50000 operations"), "{told}");
    let failures = StrategyFailure::all(&decisions);
    let [failure] = failures.as_slice() else { panic!("{failures:?}") };
    assert_eq!((failure.failed, failure.suspended.as_ref().unwrap().0), (5, FLEET - 42));
    assert_eq!(failure.first, decisions[37].deployment);
    assert_eq!(shape(&fleet().decide(&bench.engine())), expected, "the next run asks again");
}

#[test]
fn an_opinion_or_another_error_in_between_begins_the_count_anew() {
    let decisions = fleet().decide(&loops_where("n % 6 < 4").engine());
    assert!(!shape(&decisions).contains('s'));
    let body = "throw \"always\"";
    let decisions = fleet().decide(&Bench::new().assess("slow", body).engine());
    assert_eq!(shape(&decisions), "x".repeat(FLEET), "only limits suspend");
}

#[test]
fn neither_threads_nor_batches_matter() {
    let bench = loops_where("n > 20 && n % 7 != 0 || n > 130");
    let (scene, set) = (fleet(), bench.load().unwrap());
    let facts = scene.facts();
    let first = engine(&set, 1).decide_each(&scene.deployments, &facts);
    assert!(shape(&first).contains('s') && shape(&first).starts_with('.'));
    for workers in [2, 3, 8] {
        assert_eq!(engine(&set, workers).decide_each(&scene.deployments, &facts), first, "{workers}");
    }
    for batch in [1, 2, 7, 64, 299] {
        let engine = engine(&set, 2);
        let mut suspensions = Suspensions::default();
        let decided: Vec<Decision> = scene
            .deployments
            .chunks(batch)
            .flat_map(|part| engine.decide_next(part, &facts, &mut suspensions))
            .collect();
        assert_eq!(decided, first, "{batch}");
    }
}

#[test]
fn what_an_earlier_script_settles_neither_adds_nor_clears() {
    let bench = loops_where("n != 3");
    let plan = "catalog.plan(\"redis-small\")";
    bench.write(
        "settles.rhai",
        &format!(
            "fn strategy() {{ #{{ id: \"settles\", version: 1, priority: 400, summary: \"settles\" }} }}\n\
             fn assess(deployment, catalog) {{\n\
             if deployment.name.contains(\"-00000002-\") || deployment.name.contains(\"-00000003-\") {{\n\
             return propose(deployment.uuid, {plan}, 0.9); }}\nabstain(\"\")\n}}\n"
        ),
    );
    let set = bench.load().unwrap();
    let policy = reconciler_core::matching::Policy { kind: PolicyKind::FirstMatch, ..Default::default() };
    let chain = MatchEngine::builder().with_entries(set.entries()).policy(policy);
    let engine = chain.workers(NonZeroUsize::new(2).unwrap()).build().unwrap();
    let decisions = fleet().decide(&engine);
    // Numbers 2 and 3 are settled before it is asked.
    assert_eq!(shape(&decisions), format!("xx..xxx{}", "s".repeat(FLEET - 7)));
}

#[test]
fn an_operator_may_leave_the_failures_of_scripts_out_of_account() {
    let mut tolerant = options();
    tolerant.tolerate_errors = true;
    let bench = loops_where("true");
    let (strict, tolerant) = (bench.load().unwrap(), bench.load_with(tolerant).unwrap());
    let (strict, tolerant) = (engine(&strict, 2), engine(&tolerant, 2));
    let decisions = fleet().decide(&tolerant);
    assert_eq!(shape(&decisions), format!("xxxxx{}", "s".repeat(FLEET - 5)), "it stays visible");
    assert!(decisions.iter().all(|decision| !decision.is_degraded() && decision.identity().is_some()));
    assert_ne!(strict.fingerprint(), tolerant.fingerprint(), "other rules");
}
