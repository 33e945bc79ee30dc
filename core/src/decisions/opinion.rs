//! What a strategy said, without the notes and places: what is worth comparing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::matching::{Confidence, Decision, Evidence, Opinion, StepResult};
use crate::model::{Identity, StrategyId, visible};

/// One thing that a strategy said about a deployment. Who abstained, or was not
/// asked, has no part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOpinion {
    /// The strategy.
    pub strategy: StrategyId,
    /// What it said.
    #[serde(flatten)]
    pub said: Said,
}

/// What can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "said")]
#[non_exhaustive]
pub enum Said {
    /// It is this instance.
    Proposed {
        /// The identity.
        identity: Identity,
        /// How sure the strategy is.
        confidence: Confidence,
        /// The codes of its evidence, sorted.
        evidence: Vec<String>,
    },
    /// It is not this instance.
    Vetoed {
        /// The identity.
        identity: Identity,
        /// The codes of its evidence, sorted.
        evidence: Vec<String>,
    },
    /// It is this instance, and the proposal was not let in.
    Refused {
        /// The identity.
        identity: Identity,
    },
    /// The strategy failed.
    Failed {
        /// The error's code.
        code: String,
    },
}

impl Said {
    /// The identity that it is about.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Proposed { identity, .. } | Self::Vetoed { identity, .. } | Self::Refused { identity } => {
                Some(identity)
            }
            Self::Failed { .. } => None,
        }
    }

    /// In words, without the identity if it is the one that is known.
    #[must_use]
    pub fn in_words(&self, known: Option<&Identity>) -> String {
        let about = match self.identity().filter(|identity| known != Some(identity)) {
            Some(identity) => format!(" {identity}"),
            None => String::new(),
        };
        match self {
            Self::Proposed { confidence, evidence, .. } => {
                format!("{confidence}{about} [{}]", visible(evidence.join(", ")))
            }
            Self::Vetoed { evidence, .. } => format!("a veto{about} [{}]", visible(evidence.join(", "))),
            Self::Refused { .. } => format!("a refused proposal{about}"),
            Self::Failed { code } => format!("failed [{}]", visible(code)),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(None))
    }
}

/// All that was said, in the order of the chain.
pub(super) fn of(decision: &Decision) -> Vec<RecordedOpinion> {
    let said = |result: &StepResult| match result {
        StepResult::Said(Opinion::Propose(proposals)) => proposals
            .iter()
            .map(|proposal| Said::Proposed {
                identity: proposal.identity.clone(),
                confidence: proposal.confidence,
                evidence: codes(&proposal.evidence),
            })
            .collect(),
        StepResult::Said(Opinion::Veto { identity, evidence }) => {
            vec![Said::Vetoed { identity: identity.clone(), evidence: codes(evidence) }]
        }
        StepResult::Failed(error) => vec![Said::Failed { code: error.code().to_owned() }],
        StepResult::Said(Opinion::Abstain { .. }) | StepResult::Skipped => Vec::new(),
    };
    let steps = decision.trace.iter();
    steps
        .flat_map(|step| {
            let refused = step.refused.iter().map(|one| Said::Refused { identity: one.identity.clone() });
            let said = said(&step.result).into_iter().chain(refused);
            said.map(|said| RecordedOpinion { strategy: step.strategy.clone(), said })
        })
        .collect()
}

fn codes(evidence: &[Evidence]) -> Vec<String> {
    sorted(evidence.iter().map(|one| one.code.to_string()))
}

/// Codes without repetition, in the order of the alphabet: in which order a
/// strategy found its evidence says nothing.
pub(super) fn sorted(codes: impl Iterator<Item = String>) -> Vec<String> {
    let mut codes: Vec<String> = codes.collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
