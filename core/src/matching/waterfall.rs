//! What was said of each identity as bars, with the threshold across them.

use std::fmt;

use super::decision::{Decision, StepResult};
use super::{Confidence, Opinion, Policy};

/// How many cells a bar of certainty has.
const WIDTH: usize = 40;

/// Draws a decision's confidences.
#[derive(Debug, Clone, Copy)]
pub struct Waterfall<'a> {
    decision: &'a Decision,
    policy: Policy,
}

impl<'a> Waterfall<'a> {
    /// Draws a decision with the policy it was made by.
    #[must_use]
    pub fn new(decision: &'a Decision, policy: Policy) -> Self {
        Self { decision, policy }
    }
}

impl fmt::Display for Waterfall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decision, policy } = self;
        if decision.ranking.is_empty() {
            return writeln!(f, "no strategy proposed an identity");
        }
        let names = decision.trace.iter().map(|step| step.strategy.as_str().len());
        let widest = names.max().unwrap_or_default();
        let mark = cells(policy.threshold);
        writeln!(f, "{:widest$}  {}│ threshold {}", "", " ".repeat(mark), policy.threshold)?;
        for ranked in &decision.ranking {
            let vetoed = if ranked.vetoed { "   vetoed" } else { "" };
            writeln!(f, "{}   {}{vetoed}", ranked.identity, ranked.confidence)?;
            for step in &decision.trace {
                let name = step.strategy.as_str();
                match &step.result {
                    StepResult::Said(Opinion::Propose(proposals)) => {
                        for said in proposals.iter().filter(|one| one.identity == ranked.identity) {
                            let bar = bar(said.confidence, policy.threshold);
                            writeln!(f, "{name:<widest$}  {bar}  {}", said.confidence)?;
                        }
                    }
                    StepResult::Said(Opinion::Veto { identity, .. }) if *identity == ranked.identity => {
                        writeln!(f, "{name:<widest$}  {}  veto", bar(Confidence::NONE, policy.threshold))?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn cells(confidence: Confidence) -> usize {
    usize::from(confidence.as_per_mille()) * WIDTH / 1000
}

/// A bar with the threshold marked before the cell `mark`. Below the threshold it
/// ends before the mark, however little it lacks.
fn bar(confidence: Confidence, threshold: Confidence) -> String {
    let mark = cells(threshold);
    let most = if confidence < threshold { mark.saturating_sub(1) } else { WIDTH };
    let full = cells(confidence).min(most);
    let mut bar = String::new();
    for cell in 0..WIDTH {
        if cell == mark {
            bar.push('│');
        }
        bar.push(if cell < full { '█' } else { '·' });
    }
    if mark >= WIDTH {
        bar.push('│');
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_reaches_the_mark_exactly_if_the_confidence_reaches_the_threshold() {
        for threshold in (0..=1000).map(Confidence::per_mille) {
            for confidence in [0, 1, 675, 690, 699, 700, 701, 950, 999, 1000].map(Confidence::per_mille) {
                let bar = bar(confidence, threshold);
                assert_eq!(bar.chars().filter(|c| *c != '│').count(), WIDTH);
                let reaches = bar.contains("█│") || bar.starts_with('│');
                let is_seen = cells(threshold) > 0;
                assert!(!is_seen || reaches == (confidence >= threshold), "{confidence} {threshold}: {bar}");
            }
        }
        assert!(bar(Confidence::CERTAIN, Confidence::CERTAIN).ends_with("█│"));
    }
}
