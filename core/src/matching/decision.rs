//! The outcome of the chain for one deployment, with the whole trace.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use super::{ChainFingerprint, Confidence, Family, Opinion, Read, StrategyError};
use crate::model::{DeploymentName, Identity, Index, StrategyId};

/// What became of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is this instance; this may be written.
    Matched(Identity),
    /// A person has to look.
    Review(ReviewReason),
    /// It is nobody's.
    Unmatched,
}

impl Outcome {
    /// `matched`, `review` or `unmatched`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Matched(_) => "matched",
            Self::Review(_) => "review",
            Self::Unmatched => "unmatched",
        }
    }
}

/// Why a person has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviewReason {
    /// Two identities are too close to each other.
    Ambiguous,
    /// The best identity is not sure enough.
    BelowThreshold,
    /// A strategy knows that the best identity is wrong.
    Contradicted,
    /// Another deployment claims the same instance.
    SecondClaim {
        /// The deployment that keeps the instance, if one does.
        holder: Option<DeploymentName>,
    },
    /// A strategy failed, or the manifest could not be read: what the others
    /// say is not the whole truth.
    Degraded,
}

impl ReviewReason {
    /// `ambiguous`, `below-threshold`, ….
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::BelowThreshold => "below-threshold",
            Self::Contradicted => "contradicted",
            Self::SecondClaim { .. } => "second-claim",
            Self::Degraded => "degraded",
        }
    }
}

impl fmt::Display for ReviewReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one strategy contributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The strategy.
    pub strategy: StrategyId,
    /// What it draws its evidence from.
    pub family: Family,
    /// What came out.
    pub result: StepResult,
    /// Proposals that were not let in, with the rule they break.
    pub refused: Vec<Refusal>,
    /// What the strategy looked at, if it keeps account of that.
    pub reads: Vec<Read>,
}

/// A proposal that was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was proposed.
    pub identity: Identity,
    /// The rule it breaks.
    pub why: Cow<'static, str>,
}

/// What came out of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepResult {
    /// The strategy had its say.
    Said(Opinion),
    /// The strategy failed.
    Failed(StrategyError),
    /// An earlier strategy had decided already.
    Skipped,
}

/// An identity with the best that was said for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The identity, spelled as the index spells it, else as the manifest does,
    /// else as the name does.
    pub identity: Identity,
    /// The highest confidence of any strategy.
    pub confidence: Confidence,
    /// The kinds of evidence that speak for it, and for no other identity as
    /// well: what fits several prefers none.
    pub families: BTreeSet<Family>,
    /// The strategies that proposed it, in the order of the chain.
    pub strategies: Vec<StrategyId>,
    /// Whether a strategy knows that it is wrong.
    pub vetoed: bool,
}

impl Ranked {
    /// By confidence, then identity, so that the order never depends on the
    /// chain's.
    pub(super) fn best_first(a: &Self, b: &Self) -> Ordering {
        b.confidence.cmp(&a.confidence).then_with(|| a.identity.cmp(&b.identity))
    }
}

/// Why a decision is not the whole truth.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Degradation {
    /// A strategy failed.
    Strategy {
        /// The strategy.
        id: StrategyId,
        /// The error's code.
        code: String,
    },
    /// The manifest was needed and could not be used.
    Manifest {
        /// The problem's code.
        code: &'static str,
        /// What is wrong with it, and where.
        message: String,
    },
}

impl Degradation {
    /// Who failed: the strategy's id, or `manifest`.
    #[must_use]
    pub fn by(&self) -> &str {
        match self {
            Self::Strategy { id, .. } => id.as_str(),
            Self::Manifest { .. } => "manifest",
        }
    }

    /// The code of the failure.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Strategy { code, .. } => code,
            Self::Manifest { code, .. } => code,
        }
    }
}

/// The outcome for one deployment, with all that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// The deployment.
    pub deployment: DeploymentName,
    /// What became of it.
    pub outcome: Outcome,
    /// Every identity that was proposed, best first.
    pub ranking: Vec<Ranked>,
    /// Why the decision is not the whole truth, if it is not.
    pub degradations: Vec<Degradation>,
    /// What each strategy said, in the order of the chain.
    pub trace: Vec<Step>,
    /// The rules that were applied.
    pub chain: ChainFingerprint,
}

impl Decision {
    /// The identity, if the deployment was matched.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.outcome {
            Outcome::Matched(identity) => Some(identity),
            _ => None,
        }
    }

    /// The best that was proposed, whatever became of it.
    #[must_use]
    pub fn leader(&self) -> Option<&Ranked> {
        self.ranking.first()
    }

    /// The ranking's entry of the matched identity.
    #[must_use]
    pub fn winner(&self) -> Option<&Ranked> {
        let identity = self.identity()?;
        self.ranking.iter().find(|ranked| ranked.identity == *identity)
    }

    /// Whether a strategy failed or the manifest could not be used.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        !self.degradations.is_empty()
    }
}

/// Collects what was said for each identity.
pub(super) fn rank(steps: &[Step], index: &Index) -> Vec<Ranked> {
    let mut ranking: Vec<(Ranked, Family)> = Vec::new();
    for step in steps {
        let StepResult::Said(Opinion::Propose(proposals)) = &step.result else {
            continue;
        };
        let only = proposals.iter().all(|proposal| proposal.identity == proposals[0].identity);
        for proposal in proposals {
            let kinds = proposal.evidence.iter().map(|evidence| evidence.locus.family()).filter(|_| only);
            match ranking.iter_mut().find(|(ranked, _)| ranked.identity == proposal.identity) {
                Some((ranked, spelled_by)) => {
                    ranked.confidence = ranked.confidence.max(proposal.confidence);
                    ranked.families.extend(kinds);
                    if ranked.strategies.last() != Some(&step.strategy) {
                        ranked.strategies.push(step.strategy.clone());
                    }
                    if step.family == Family::Metadata && *spelled_by != Family::Metadata {
                        ranked.identity = proposal.identity.clone();
                        *spelled_by = Family::Metadata;
                    }
                }
                None => ranking.push((
                    Ranked {
                        identity: proposal.identity.clone(),
                        confidence: proposal.confidence,
                        families: kinds.collect(),
                        strategies: vec![step.strategy.clone()],
                        vetoed: false,
                    },
                    step.family,
                )),
            }
        }
    }
    let mut ranking: Vec<Ranked> = ranking
        .into_iter()
        .map(|(mut ranked, _)| {
            if let Some(entry) = index.entry(&ranked.identity.instance) {
                ranked.identity.instance = entry.instance.clone();
            }
            ranked.vetoed = steps.iter().any(|step| {
                matches!(&step.result, StepResult::Said(Opinion::Veto { identity, .. }) if *identity == ranked.identity)
            });
            ranked
        })
        .collect();
    ranking.sort_by(Ranked::best_first);
    ranking
}
