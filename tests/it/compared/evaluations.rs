//! Evaluations by service, confusion and thresholds agree with each other.

use reconciler_core::matching::{Evaluation, PolicyKind, Verdict, sweep};
use reconciler_tests::fleets;

use super::random::engine;

#[test]
fn the_parts_of_an_evaluation_add_up() {
    let fleet = fleets::load(&fleets::demo());
    for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
        let evaluation =
            Evaluation::of(&engine(kind, 700).decide_all(&fleet.deployments, &fleet.facts), &fleet.labels);
        let confusion = evaluation.confusion;
        let rows = [confusion.matched, confusion.review, confusion.unmatched];
        let sum: u32 = rows.iter().map(|row| row.right + row.wrong + row.review + row.unmatched).sum();
        assert_eq!(usize::try_from(sum).unwrap(), evaluation.verdicts.len());
        assert_eq!(rows.iter().map(|row| row.right).sum::<u32>(), evaluation.counted(Verdict::Matched));
        assert_eq!(rows.iter().map(|row| row.wrong).sum::<u32>(), evaluation.counted(Verdict::Wrong));
        assert_eq!(
            confusion.matched.review + confusion.matched.unmatched,
            evaluation.counted(Verdict::Missed)
        );
        assert_eq!(evaluation.expected_of.values().sum::<u32>(), evaluation.expected_matches);
        for (strategy, score) in &evaluation.strategies {
            let services = evaluation.services.iter().filter(|((id, _), _)| id == strategy);
            let fired: u32 = services.clone().map(|(_, score)| score.fired).sum();
            let correct: u32 = services.map(|(_, score)| score.correct).sum();
            assert_eq!((fired, correct), (score.fired, score.correct), "{strategy}");
        }
    }
}

#[test]
fn a_sweep_says_of_the_threshold_in_use_what_the_evaluation_says() {
    let fleet = fleets::load(&fleets::demo());
    for (kind, threshold) in [(PolicyKind::Best, 700), (PolicyKind::FirstMatch, 700), (PolicyKind::Best, 733)]
    {
        let engine = engine(kind, threshold);
        let points = sweep(&engine, &fleet.deployments, &fleet.facts, &fleet.labels);
        assert_eq!(points.len(), if threshold == 733 { 22 } else { 21 });
        assert!(points.windows(2).all(|pair| pair[0].threshold < pair[1].threshold));
        let in_use: Vec<_> = points.iter().filter(|point| point.in_use).collect();
        let evaluation = Evaluation::of(&engine.decide_all(&fleet.deployments, &fleet.facts), &fleet.labels);
        assert_eq!(in_use.len(), 1);
        assert_eq!(in_use[0].matched, evaluation.counted(Verdict::Matched));
        assert_eq!(in_use[0].missed, evaluation.counted(Verdict::Missed));
        // Nothing is certain, so nothing is matched where certainty is asked for.
        assert_eq!(points.last().unwrap().matched, 0);
    }
}
