//! Decisions as they are saved and read back: what two of them are compared by.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decision, DecisionView};
use crate::model::{DeploymentName, Identity};

/// A decision as it was saved: the JSON form of a decision without what only
/// people read (notes, reasons in words) and without places, which differ where
/// the same thing stands in another line. So two of them are equal if the same
/// was decided for the same reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedDecision {
    /// The deployment.
    pub deployment: DeploymentName,
    /// What was decided.
    #[serde(flatten)]
    pub outcome: SavedOutcome,
    /// How sure the match is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Why it is not the whole truth: who, and a code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<Value>,
    /// Every identity that was proposed, best first.
    #[serde(default)]
    pub candidates: Vec<Value>,
    /// What each strategy said.
    #[serde(default)]
    pub trace: Vec<Value>,
}

/// What was decided, without how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedOutcome {
    /// `matched`, `review` or `unmatched`.
    pub outcome: String,
    /// Why a person has to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The deployment that keeps the instance, at a second claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<DeploymentName>,
    /// The instance it was matched to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

impl SavedDecision {
    /// What is saved of a decision.
    ///
    /// # Panics
    /// Never: the view of a decision has these fields.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        let view = serde_json::to_value(DecisionView::of(decision).compact());
        view.and_then(serde_json::from_value).expect("the view of a decision has the fields that are saved")
    }
}

/// In one line: `matched redis / redis-small / …`, `review (ambiguous)`.
impl std::fmt::Display for SavedOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.outcome)?;
        if let Some(reason) = &self.reason {
            write!(f, " ({reason}")?;
            if let Some(holder) = &self.holder {
                write!(f, " of {holder}")?;
            }
            f.write_str(")")?;
        }
        self.identity.as_ref().map_or(Ok(()), |identity| write!(f, " {identity}"))
    }
}
