//! A decision as it is kept: what became of a deployment, and who said what. What
//! is kept may come from others: in words it moves no cursor.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::opinion::{self, RecordedOpinion};
use crate::manifest::code;
use crate::matching::{Confidence, Decision, Degradation, Outcome, ReviewReason};
use crate::model::{DeploymentName, Identity, visible};

/// Who degrades a decision whose manifest cannot be used.
const MANIFEST: &str = "manifest";

/// What became of one deployment. Holds neither places nor notes nor anything of
/// the machine, so that the same decision is the same record everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The deployment.
    pub deployment: DeploymentName,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The identity that was matched, else the best that was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// How sure the chain is of that identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Why it is not the whole truth; nothing if it is, or if that was not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Degraded>,
    /// Who said what, in the order of the chain; nothing if that was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opinions: Option<Vec<RecordedOpinion>>,
}

/// Why a decision is not the whole truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Degraded {
    /// The strategy that failed, or `manifest`.
    pub by: String,
    /// The code of the failure.
    pub code: String,
}

impl Degraded {
    /// Whether the manifest could not be read: what it says of the deployment is
    /// not known, and no fact of it.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.by == MANIFEST && self.code == code::UNREAD
    }
}

impl fmt::Display for Degraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", visible(&self.by), visible(&self.code))
    }
}

impl From<&Degradation> for Degraded {
    fn from(degradation: &Degradation) -> Self {
        Self { by: degradation.by().to_owned(), code: degradation.code().to_owned() }
    }
}

/// What became of a deployment, in words that stay the same over versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
#[non_exhaustive]
pub enum Verdict {
    /// It is the identity.
    Matched,
    /// A person has to look.
    Review {
        /// Why, as [`ReviewReason::name`] says it.
        reason: String,
        /// The deployment that keeps the instance, where several claim it.
        #[serde(skip_serializing_if = "Option::is_none")]
        holder: Option<DeploymentName>,
    },
    /// It is nobody's.
    Unmatched,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matched => f.write_str("matched"),
            Self::Review { reason, holder: None } => write!(f, "review ({})", visible(reason)),
            Self::Review { reason, holder: Some(holder) } => {
                write!(f, "review ({}, held by {holder})", visible(reason))
            }
            Self::Unmatched => f.write_str("unmatched"),
        }
    }
}

impl From<&Decision> for DecisionRecord {
    fn from(decision: &Decision) -> Self {
        let verdict = match &decision.outcome {
            Outcome::Matched(_) => Verdict::Matched,
            Outcome::Review(reason) => {
                let holder = match reason {
                    ReviewReason::SecondClaim { holder } => holder.clone(),
                    _ => None,
                };
                Verdict::Review { reason: reason.name().to_owned(), holder }
            }
            Outcome::Unmatched => Verdict::Unmatched,
        };
        let best = decision.winner().or_else(|| decision.leader());
        Self {
            deployment: decision.deployment.clone(),
            verdict,
            identity: best.map(|ranked| ranked.identity.clone()),
            confidence: best.map(|ranked| ranked.confidence),
            degraded: decision.degradations.iter().map(Degraded::from).collect(),
            opinions: Some(opinion::of(decision)),
        }
    }
}

impl DecisionRecord {
    /// The matched identity.
    #[must_use]
    pub fn matched(&self) -> Option<&Identity> {
        self.identity.as_ref().filter(|_| self.verdict == Verdict::Matched)
    }
}

impl DecisionRecord {
    /// Whether it was decided without the manifest, because that could not be
    /// read.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.degraded.iter().any(Degraded::is_unread)
    }
}

/// The verdict, and about which identity.
impl fmt::Display for DecisionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verdict)?;
        if let Some(identity) = &self.identity {
            write!(f, "  {identity}")?;
        }
        if let Some(confidence) = self.confidence {
            write!(f, "  {confidence}")?;
        }
        Ok(())
    }
}
