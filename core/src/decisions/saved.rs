//! Decisions that were saved: as the JSON document of a scan, or with a capture.

use serde::Deserialize;

use super::captured::{CapturedRun, CapturedRunError};
use super::opinion::{RecordedOpinion, Said, sorted};
use super::record::{DecisionRecord, Degraded, Verdict};
use crate::matching::{Confidence, Rules, SCHEMA_VERSION};
use crate::model::{DeploymentName, Identity, StrategyId};

/// Decisions with the rules that they were made by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedDecisions {
    /// The fingerprint of the chain.
    pub chain: String,
    /// The policy in words, if it was kept.
    pub policy: Option<String>,
    /// All of the rules, if they were kept.
    pub rules: Option<Rules>,
    /// The fingerprint of the index that they were made by, if it was kept.
    pub index: Option<String>,
    /// The strategies in the order of the chain; empty if nothing was decided.
    pub strategies: Vec<String>,
    /// The decisions, by deployment.
    pub decisions: Vec<DecisionRecord>,
    /// Whether every deployment could be read. One whose manifest was read and
    /// is broken is decided.
    pub complete: bool,
    /// The deployments that could not be read.
    pub unknown: Vec<SavedUnknown>,
}

/// A deployment that could not be read, as it was saved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SavedUnknown {
    /// The deployment.
    pub deployment: String,
    /// Why.
    pub why: String,
}

/// A document that holds no decisions.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// It is no JSON.
    #[error("holds no decisions, for it is not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// It is the JSON of neither a scan nor a capture.
    #[error("holds no decisions: {0}")]
    NotDecisions(#[from] serde_json::Error),
    /// It is a document of another command.
    #[error("holds a document of kind `{0}`, not of a scan")]
    OtherKind(String),
    /// It is of a capture that cannot be read.
    #[error(transparent)]
    Capture(#[from] CapturedRunError),
    /// It was written by a version that means something else by it.
    #[error("holds decisions in form {0}, and this program knows form {SCHEMA_VERSION}")]
    OtherForm(u32),
    /// It names a deployment twice.
    #[error("decides deployment `{0}` twice")]
    Twice(DeploymentName),
}

/// What tells a capture's document from a scan's.
#[derive(Deserialize)]
struct WireCapture {
    #[serde(rename = "captured_by")]
    _captured_by: String,
}

/// What every document says of itself.
#[derive(Deserialize)]
struct WireKind {
    kind: String,
}

/// Unknown fields are passed over: new ones may come at any time.
#[derive(Deserialize)]
struct Wire {
    #[serde(default = "yes")]
    complete: bool,
    data: WireScan,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct WireScan {
    chain: String,
    policy: Option<String>,
    rules: Option<Rules>,
    index: Option<String>,
    decisions: Vec<WireDecision>,
    #[serde(default)]
    unknown: Vec<SavedUnknown>,
    #[serde(default)]
    findings: Vec<WireFinding>,
}

#[derive(Deserialize)]
struct WireFinding {
    code: String,
}

#[derive(Deserialize)]
struct WireDecision {
    schema_version: u32,
    deployment: DeploymentName,
    outcome: WireOutcome,
    reason: Option<String>,
    holder: Option<DeploymentName>,
    identity: Option<Identity>,
    confidence: Option<Confidence>,
    #[serde(default)]
    degraded: Vec<Degraded>,
    candidates: Vec<WireCandidate>,
    trace: Vec<WireStep>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WireOutcome {
    Matched,
    Review,
    Unmatched,
}

#[derive(Deserialize)]
struct WireCandidate {
    identity: Identity,
    confidence: Confidence,
}

#[derive(Deserialize)]
struct WireStep {
    strategy: StrategyId,
    result: String,
    why: Option<String>,
    #[serde(default)]
    proposals: Vec<WireProposal>,
    #[serde(default)]
    refused: Vec<WireRefusal>,
}

#[derive(Deserialize)]
struct WireRefusal {
    identity: Identity,
}

#[derive(Deserialize)]
struct WireProposal {
    identity: Identity,
    confidence: Option<Confidence>,
    evidence: Vec<WireEvidence>,
}

#[derive(Deserialize)]
struct WireEvidence {
    code: String,
}

impl SavedDecisions {
    /// Reads the document that `scan --json` prints, or what was decided of a
    /// captured fleet.
    ///
    /// # Errors
    /// If it is another document, or one of another version.
    pub fn parse(json: &str) -> Result<Self, SavedError> {
        if serde_json::from_str::<WireCapture>(json).is_ok() {
            return Ok(Self::of_capture(CapturedRun::parse(json)?));
        }
        let kind = serde_json::from_str::<WireKind>(json).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => SavedError::NotDecisions(error),
            _ => SavedError::NotJson(error),
        })?;
        if kind.kind != "Scan" {
            return Err(SavedError::OtherKind(kind.kind));
        }
        let wire: Wire = serde_json::from_str(json)?;
        let scan = wire.data;
        let trace = scan.decisions.first().map(|first| first.trace.as_slice()).unwrap_or_default();
        let strategies = trace.iter().map(|step| step.strategy.to_string()).collect();
        let decisions: Result<Vec<_>, _> = scan.decisions.into_iter().map(record).collect();
        let decisions = sorted_once(decisions?).map_err(SavedError::Twice)?;
        let was_read = |one: &SavedUnknown| {
            let mut records = decisions.iter();
            let record = records.find(|record| record.deployment.as_str() == one.deployment);
            record.is_some_and(|record| !record.degraded.is_empty() && !record.is_unread())
        };
        let (read, unknown): (Vec<_>, Vec<_>) = scan.unknown.into_iter().partition(was_read);
        let shortfall = scan.findings.iter().any(|finding| finding.code == "scan.incomplete");
        let only_degraded = unknown.is_empty() && !read.is_empty() && !shortfall;
        let complete = wire.complete || only_degraded;
        let WireScan { chain, policy, rules, index, .. } = scan;
        Ok(Self { chain, policy, rules, index, strategies, decisions, complete, unknown })
    }

    fn of_capture(run: CapturedRun) -> Self {
        let CapturedRun { complete, rules, decisions, .. } = run;
        let unread = decisions.iter().filter(|record| record.is_unread());
        let unknown = unread.map(|record| SavedUnknown {
            deployment: record.deployment.to_string(),
            why: "it could not be read when the fleet was captured".to_owned(),
        });
        Self {
            policy: Some(rules.policy_in_words()),
            strategies: rules.strategies.iter().map(|strategy| strategy.id.clone()).collect(),
            chain: rules.chain.clone(),
            rules: Some(rules),
            index: None,
            complete,
            unknown: unknown.collect(),
            decisions,
        }
    }
}

/// The decisions by deployment, unless one is decided twice.
pub(super) fn sorted_once(mut decisions: Vec<DecisionRecord>) -> Result<Vec<DecisionRecord>, DeploymentName> {
    decisions.sort_by(|a, b| a.deployment.cmp(&b.deployment));
    match decisions.windows(2).find(|pair| pair[0].deployment == pair[1].deployment) {
        Some(pair) => Err(pair[0].deployment.clone()),
        None => Ok(decisions),
    }
}

fn record(wire: WireDecision) -> Result<DecisionRecord, SavedError> {
    if wire.schema_version != SCHEMA_VERSION {
        return Err(SavedError::OtherForm(wire.schema_version));
    }
    let verdict = match wire.outcome {
        WireOutcome::Matched => Verdict::Matched,
        WireOutcome::Review => {
            Verdict::Review { reason: wire.reason.unwrap_or_default(), holder: wire.holder }
        }
        WireOutcome::Unmatched => Verdict::Unmatched,
    };
    let leader = wire.candidates.into_iter().next().map(|first| (first.identity, first.confidence));
    let best = wire.identity.zip(wire.confidence).or(leader);
    let (identity, confidence) = best.unzip();
    let opinions = wire.trace.into_iter().flat_map(opinions).collect();
    Ok(DecisionRecord {
        deployment: wire.deployment,
        verdict,
        identity,
        confidence,
        degraded: wire.degraded,
        opinions: Some(opinions),
    })
}

fn opinions(step: WireStep) -> Vec<RecordedOpinion> {
    let WireStep { strategy, result, why, proposals, refused } = step;
    let mut said: Vec<Said> = match result.as_str() {
        "failed" => {
            let code = why.unwrap_or_default().split(": ").next().unwrap_or_default().to_owned();
            vec![Said::Failed { code }]
        }
        _ => proposals.into_iter().map(said).collect(),
    };
    said.extend(refused.into_iter().map(|one| Said::Refused { identity: one.identity }));
    said.into_iter().map(|said| RecordedOpinion { strategy: strategy.clone(), said }).collect()
}

/// A veto is a proposal without confidence.
fn said(proposal: WireProposal) -> Said {
    let WireProposal { identity, confidence, evidence } = proposal;
    let evidence = sorted(evidence.into_iter().map(|one| one.code));
    match confidence {
        Some(confidence) => Said::Proposed { identity, confidence, evidence },
        None => Said::Vetoed { identity, evidence },
    }
}
