//! Decisions over labelled fleets, held against the right answers.

use std::collections::BTreeSet;
use std::sync::Once;

use reconciler_core::matching::{Evaluation, MatchEngine, PolicyKind, Verdict};
use reconciler_tests::fleets::{self, Fleet};
use reconciler_tests::scene::{engine, engine_of};

/// The demo fleet, and the fleets beside the repository if there are any.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn all() -> Vec<Fleet> {
    let shared = fleets::shared();
    if shared.is_empty() {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            eprintln!("skipped: labelled fleets beside the repository; there is no `shared/fleets` with any");
        });
    }
    [fleets::demo()].into_iter().chain(shared).map(|root| fleets::load(&root)).collect()
}

fn evaluate(engine: &MatchEngine, fleet: &Fleet) -> Evaluation {
    Evaluation::of(&engine.decide_all(&fleet.deployments, &fleet.facts), &fleet.labels)
}

/// The cases of the deployments that got this verdict.
fn cases<'a>(evaluation: &Evaluation, fleet: &'a Fleet, verdict: Verdict) -> BTreeSet<&'a str> {
    let named = evaluation.verdicts.iter().filter(|(_, got)| **got == verdict);
    named.map(|(name, _)| fleet.labels[name].case.as_str()).collect()
}

#[test]
fn every_label_is_met_by_both_policies() {
    for fleet in all() {
        for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
            let evaluation = evaluate(&engine(kind), &fleet);
            let mistakes: Vec<_> = evaluation
                .verdicts
                .iter()
                .filter(|(_, verdict)| matches!(verdict, Verdict::Wrong | Verdict::Missed))
                .collect();
            assert!(mistakes.is_empty(), "{} by {kind}: {mistakes:?}", fleet.name);
            let measure = evaluation.measure();
            assert!([measure.precision, measure.recall].iter().flatten().all(|one| *one >= 1.0));
            assert_eq!(evaluation.verdicts.len(), fleet.labels.len(), "{}", fleet.name);
            assert_eq!(evaluation.undecided, [], "{}", fleet.name);
            assert_eq!(evaluation.unlabelled, [], "{}", fleet.name);
        }
    }
}

#[test]
fn the_demo_fleet_has_every_kind_of_answer() {
    let fleet = fleets::load(&fleets::demo());
    let evaluation = evaluate(&engine(PolicyKind::Best), &fleet);
    assert!(fleet.deployments.len() >= 20);
    assert!(evaluation.counted(Verdict::Matched) >= 15);
    assert!(evaluation.counted(Verdict::LeftForReview) >= 8);
}

/// A chain of one cannot know what only another strategy sees. Whoever looks at
/// the name alone takes a deployment by its name, though its manifest says that
/// it was copied from another one.
#[test]
fn a_strategy_by_itself_is_wrong_only_where_it_cannot_know_better() {
    let blind: [(&str, &[&str]); 5] = [
        ("manifest-metadata", &[]),
        ("stored-record", &["metadata-contradicts-name"]),
        ("uuid-pattern", &["metadata-contradicts-name"]),
        ("release-based", &[]),
        ("name-heuristics", &[]),
    ];
    assert_eq!(blind.len(), reconciler_strategies::EXPECTED.len());
    for fleet in all() {
        for (strategy, excused) in blind {
            let evaluation = evaluate(&engine_of(&[strategy]), &fleet);
            let wrong = cases(&evaluation, &fleet, Verdict::Wrong);
            let unexcused: Vec<_> = wrong.iter().filter(|case| !excused.contains(case)).collect();
            assert!(unexcused.is_empty(), "{strategy} alone on {}: {unexcused:?}", fleet.name);
            if fleet.name == "demo" {
                assert_eq!(wrong.len(), excused.len(), "{strategy} alone: the excuse is not needed any more");
            }
        }
    }
}

#[test]
fn guesses_by_themselves_never_match_anything() {
    for fleet in all() {
        for chain in [&["name-heuristics"][..], &["release-based"], &["release-based", "name-heuristics"]] {
            let decisions = engine_of(chain).decide_all(&fleet.deployments, &fleet.facts);
            let matched: Vec<_> = decisions.iter().filter(|one| one.identity().is_some()).collect();
            assert!(matched.is_empty(), "{chain:?} on {}: {matched:?}", fleet.name);
            assert!(decisions.iter().any(|one| !one.ranking.is_empty()), "{chain:?} says nothing at all");
        }
    }
}
