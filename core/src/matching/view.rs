//! The JSON form of a decision: stable, versioned, apart from the types that
//! the code works with.

use serde::Serialize;

use super::decision::{Decision, Degradation, Outcome, Ranked, Refusal, ReviewReason, Step, StepResult};
use super::{Confidence, Evidence, Family, Opinion, Proposal, Read};
use crate::model::Identity;

/// Grows when a field changes its meaning or goes away; new fields may come at
/// any time.
pub const SCHEMA_VERSION: u32 = 1;

/// A decision as it is printed, stored and compared.
#[derive(Debug, Clone, Serialize)]
pub struct DecisionView<'a> {
    schema_version: u32,
    deployment: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<Confidence>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<DegradationView<'a>>,
    candidates: Vec<CandidateView<'a>>,
    trace: Vec<StepView<'a>>,
    chain: String,
}

#[derive(Debug, Clone, Serialize)]
struct DegradationView<'a> {
    by: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Debug, Clone, Serialize)]
struct CandidateView<'a> {
    identity: &'a Identity,
    confidence: Confidence,
    families: Vec<Family>,
    strategies: Vec<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    vetoed: bool,
}

#[derive(Debug, Clone, Serialize)]
struct StepView<'a> {
    strategy: &'a str,
    family: Family,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proposals: Vec<ProposalView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusalView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reads: Vec<ReadView<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct ReadView<'a> {
    what: &'a str,
    at: String,
}

#[derive(Debug, Clone, Serialize)]
struct ProposalView<'a> {
    identity: &'a Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<Confidence>,
    evidence: Vec<EvidenceView<'a>>,
}

#[derive(Debug, Clone, Serialize)]
struct RefusalView<'a> {
    identity: &'a Identity,
    why: &'a str,
}

#[derive(Debug, Clone, Serialize)]
struct EvidenceView<'a> {
    code: &'a str,
    at: String,
    note: &'a str,
}

impl<'a> DecisionView<'a> {
    /// The JSON form of a decision.
    #[must_use]
    pub fn of(decision: &'a Decision) -> Self {
        let (reason, holder) = match &decision.outcome {
            Outcome::Review(reason @ ReviewReason::SecondClaim { holder }) => {
                (Some(reason.name()), holder.as_ref().map(|name| name.as_str()))
            }
            Outcome::Review(reason) => (Some(reason.name()), None),
            _ => (None, None),
        };
        Self {
            schema_version: SCHEMA_VERSION,
            deployment: decision.deployment.as_str(),
            outcome: decision.outcome.name(),
            reason,
            holder,
            identity: decision.identity(),
            confidence: decision.winner().map(|winner| winner.confidence),
            degraded: decision.degradations.iter().map(degradation).collect(),
            candidates: decision.ranking.iter().map(candidate).collect(),
            trace: decision.trace.iter().map(step).collect(),
            chain: decision.chain.to_string(),
        }
    }
}

fn degradation(degradation: &Degradation) -> DegradationView<'_> {
    let message = match degradation {
        Degradation::Strategy { .. } => None,
        Degradation::Manifest { message, .. } => Some(message.as_str()),
    };
    DegradationView { by: degradation.by(), code: degradation.code(), message }
}

fn candidate(ranked: &Ranked) -> CandidateView<'_> {
    CandidateView {
        identity: &ranked.identity,
        confidence: ranked.confidence,
        families: ranked.families.iter().copied().collect(),
        strategies: ranked.strategies.iter().map(|id| id.as_str()).collect(),
        vetoed: ranked.vetoed,
    }
}

fn step(step: &Step) -> StepView<'_> {
    let (result, why, proposals) = match &step.result {
        StepResult::Said(Opinion::Abstain { why }) => ("abstained", Some(why.to_string()), Vec::new()),
        StepResult::Said(Opinion::Propose(proposals)) => {
            ("proposed", None, proposals.iter().map(proposal).collect())
        }
        StepResult::Said(Opinion::Veto { identity, evidence }) => (
            "vetoed",
            None,
            vec![ProposalView {
                identity,
                confidence: None,
                evidence: evidence.iter().map(one_evidence).collect(),
            }],
        ),
        StepResult::Failed(error) => ("failed", Some(format!("{}: {error}", error.code())), Vec::new()),
        StepResult::Skipped => ("skipped", None, Vec::new()),
    };
    StepView {
        strategy: step.strategy.as_str(),
        family: step.family,
        result,
        why,
        proposals,
        refused: step.refused.iter().map(refusal).collect(),
        reads: step.reads.iter().map(read).collect(),
    }
}

fn proposal(proposal: &Proposal) -> ProposalView<'_> {
    ProposalView {
        identity: &proposal.identity,
        confidence: Some(proposal.confidence),
        evidence: proposal.evidence.iter().map(one_evidence).collect(),
    }
}

fn refusal(refusal: &Refusal) -> RefusalView<'_> {
    RefusalView { identity: &refusal.identity, why: &refusal.why }
}

fn read(read: &Read) -> ReadView<'_> {
    ReadView { what: &read.what, at: format!("{}:{}", read.file, read.at) }
}

fn one_evidence(evidence: &Evidence) -> EvidenceView<'_> {
    EvidenceView { code: &evidence.code, at: evidence.locus.to_string(), note: &evidence.note }
}
