//! What was decided of a fleet when it was captured, and by which rules.

use serde::{Deserialize, Serialize};

use super::record::DecisionRecord;
use super::saved::sorted_once;
use crate::matching::Rules;
use crate::model::DeploymentName;

/// Grows when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 2;

/// A run as it was captured, to be held against the same run made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CapturedRun {
    /// The version of this form.
    pub schema_version: u32,
    /// The version of the program that captured it.
    pub captured_by: String,
    /// Whether everything could be seen.
    pub complete: bool,
    /// Why the scan as a whole proves no absence, if it does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<String>,
    /// What the decisions were made by.
    pub rules: Rules,
    /// The decisions, by deployment.
    pub decisions: Vec<DecisionRecord>,
}

/// A captured run that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CapturedRunError {
    /// It is no captured run.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Another version of the program wrote it in another form.
    #[error("was written in form {form} by version {by}, and this program reads form {SCHEMA_VERSION}")]
    OtherForm {
        /// The form.
        form: u32,
        /// The version of the program.
        by: String,
    },
    /// It decides a deployment twice.
    #[error("decides deployment `{0}` twice")]
    Twice(DeploymentName),
}

/// What every form says of itself.
#[derive(Deserialize)]
struct Form {
    schema_version: u32,
    captured_by: String,
}

impl CapturedRun {
    /// A run in which everything could be seen.
    #[must_use]
    pub fn new(captured_by: impl Into<String>, rules: Rules, decisions: Vec<DecisionRecord>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            captured_by: captured_by.into(),
            complete: true,
            shortfalls: Vec::new(),
            rules,
            decisions,
        }
    }

    /// The same run, which could not see everything.
    #[must_use]
    pub fn incomplete(mut self, shortfalls: Vec<String>) -> Self {
        self.complete = false;
        self.shortfalls = shortfalls;
        self
    }

    /// Reads a captured run.
    ///
    /// # Errors
    /// If it is none, or one in another form.
    pub fn parse(json: &str) -> Result<Self, CapturedRunError> {
        let Form { schema_version: form, captured_by } = serde_json::from_str(json)?;
        if form != SCHEMA_VERSION {
            let by = captured_by.chars().take(20).collect::<String>().escape_debug().to_string();
            return Err(CapturedRunError::OtherForm { form, by });
        }
        let mut run: Self = serde_json::from_str(json)?;
        run.decisions = sorted_once(run.decisions).map_err(CapturedRunError::Twice)?;
        Ok(run)
    }
}
