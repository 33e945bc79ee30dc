//! What other thresholds would have come to: precision and recall along the
//! range, so that a threshold is chosen and not guessed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Confidence, Evaluation, Facts, Label, MatchEngine, Measure, Policy, Verdict};
use crate::manifest::Deployment;
use crate::model::DeploymentName;

/// The distance between two thresholds of a sweep, in per mille.
pub const SWEEP_STEP: u16 = 50;

/// What one threshold comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SweepPoint {
    /// The threshold.
    pub threshold: Confidence,
    /// Whether it is the one that is in use.
    pub in_use: bool,
    /// Right matches.
    pub matched: u32,
    /// Wrong matches.
    pub wrong: u32,
    /// Matches that were right and not made.
    pub missed: u32,
    /// Rightly left for a person, or rightly nobody's.
    pub left_for_review: u32,
    /// How good the matches are.
    #[serde(flatten)]
    pub measure: Measure,
}

/// Decides a labelled fleet by every threshold from 0 to 1, the one in use among
/// them; everything else stays as it is.
///
/// Each is decided in full: a chain that stops early stops elsewhere by another
/// threshold, and other matches are other claims.
#[must_use]
pub fn sweep(
    engine: &MatchEngine,
    deployments: &[Deployment],
    facts: &Facts,
    labels: &BTreeMap<DeploymentName, Label>,
) -> Vec<SweepPoint> {
    let in_use = engine.policy().threshold;
    let steps = (0..=Confidence::CERTAIN.as_per_mille()).step_by(usize::from(SWEEP_STEP));
    let mut thresholds: Vec<Confidence> = steps.map(Confidence::per_mille).chain([in_use]).collect();
    thresholds.sort_unstable();
    thresholds.dedup();
    let point = |threshold: Confidence| {
        let engine = engine.under(Policy { threshold, ..engine.policy() });
        let evaluation = Evaluation::of(&engine.decide_all(deployments, facts), labels);
        SweepPoint {
            threshold,
            in_use: threshold == in_use,
            matched: evaluation.counted(Verdict::Matched),
            wrong: evaluation.counted(Verdict::Wrong),
            missed: evaluation.counted(Verdict::Missed),
            left_for_review: evaluation.counted(Verdict::LeftForReview),
            measure: evaluation.measure(),
        }
    };
    thresholds.into_iter().map(point).collect()
}
