//! How opinions become a decision. Pure functions over the steps of a trace.

use std::fmt;
use std::str::FromStr;

use super::decision::{Outcome, Ranked, ReviewReason, Step, StepResult};
use super::{Confidence, Opinion};

/// How the chain's opinions are weighed against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// All strategies speak; the leading identity needs the threshold and a
    /// lead over every other.
    Best,
    /// The first strategy that reaches the threshold decides, and the chain
    /// stops there. Cheaper, but it does not hear what later strategies have
    /// against it.
    FirstMatch,
}

impl PolicyKind {
    /// All there are, as they are spelled on a command line.
    pub const NAMES: [&'static str; 2] = ["best", "first-match"];
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Best => "best",
            Self::FirstMatch => "first-match",
        })
    }
}

impl FromStr for PolicyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self::Best),
            "first-match" => Ok(Self::FirstMatch),
            _ => Err(format!("there is no policy `{text}`; there are: {}", Self::NAMES.join(", "))),
        }
    }
}

/// A policy with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy {
    /// How opinions are weighed.
    pub kind: PolicyKind,
    /// The least confidence of a match.
    pub threshold: Confidence,
    /// The least lead over the next identity.
    pub margin: Confidence,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            kind: PolicyKind::Best,
            threshold: Confidence::per_mille(700),
            margin: Confidence::per_mille(150),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (threshold {}, margin {})", self.kind, self.threshold, self.margin)
    }
}

impl Policy {
    /// Whether the chain may stop after this step.
    #[must_use]
    pub fn settles(&self, step: &Step) -> bool {
        self.kind == PolicyKind::FirstMatch && self.reaches(step)
    }

    fn reaches(&self, step: &Step) -> bool {
        match &step.result {
            StepResult::Said(Opinion::Propose(proposals)) => {
                proposals.iter().any(|proposal| proposal.confidence >= self.threshold)
            }
            _ => false,
        }
    }

    /// Weighs the identities that were proposed.
    ///
    /// `ranking` holds all of them, vetoed ones included, best first. A veto
    /// only ever takes a match away: it is looked at after everything else, so
    /// that it cannot clear the way for a rival.
    #[must_use]
    pub fn judge(&self, steps: &[Step], ranking: &[Ranked]) -> Outcome {
        let competing = self.competing(steps, ranking);
        let Some((leader, rest)) = competing.split_first() else {
            return Outcome::Unmatched;
        };
        if leader.vetoed {
            return Outcome::Review(ReviewReason::Contradicted);
        }
        if leader.confidence < self.threshold {
            return Outcome::Review(ReviewReason::BelowThreshold);
        }
        // A lead of nothing is a tie whatever the margin, and a tie is never a match.
        let tied = rest.iter().any(|rival| {
            let lead = leader.confidence.lead_over(rival.confidence);
            lead == Confidence::NONE || lead < self.margin
        });
        if tied {
            return Outcome::Review(ReviewReason::Ambiguous);
        }
        Outcome::Matched(leader.identity.clone())
    }

    /// The identities that compete, best first, each with the confidence that
    /// counts: all that were proposed; or, if the chain stopped, those of the
    /// strategy that stopped it.
    #[must_use]
    pub fn competing(&self, steps: &[Step], ranking: &[Ranked]) -> Vec<Ranked> {
        let deciding = self.deciding(steps);
        let mut running: Vec<Ranked> = match deciding.map(|step| &step.result) {
            // Only what the deciding strategy said competes.
            Some(StepResult::Said(Opinion::Propose(proposals))) => ranking
                .iter()
                .filter_map(|ranked| {
                    let said = proposals.iter().filter(|p| p.identity == ranked.identity);
                    let confidence = said.map(|p| p.confidence).max()?;
                    Some(Ranked { confidence, ..ranked.clone() })
                })
                .collect(),
            _ => ranking.to_vec(),
        };
        running.sort_by(Ranked::best_first);
        running
    }

    /// The step that stopped the chain, if one did.
    #[must_use]
    pub fn deciding<'a>(&self, steps: &'a [Step]) -> Option<&'a Step> {
        steps.iter().find(|step| self.settles(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_unknown_ones_say_what_there_is() {
        for name in PolicyKind::NAMES {
            assert_eq!(name.parse::<PolicyKind>().unwrap().to_string(), name);
        }
        assert!("frist".parse::<PolicyKind>().unwrap_err().contains("first-match"));
    }
}
