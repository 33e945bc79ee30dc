//! What was decided of a fleet when it was captured, and by which rules.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::SourceError;
use super::super::source_file::read_text;
use crate::matching::{Rules, SavedDecision};

/// The file of a fleet that holds it.
pub(super) const DECISIONS: &str = "decisions.json";

/// Grows when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

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
    pub decisions: Vec<SavedDecision>,
}

impl CapturedRun {
    /// A run in which everything could be seen.
    #[must_use]
    pub fn new(captured_by: impl Into<String>, rules: Rules, decisions: Vec<SavedDecision>) -> Self {
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

    /// Reads the run of a captured fleet.
    ///
    /// # Errors
    /// If the fleet holds none, or a later version wrote it.
    pub(super) fn read(fleet: &Path) -> Result<Self, SourceError> {
        let path = fleet.join(DECISIONS);
        if !path.is_file() {
            return Err(SourceError::new(fleet, "is a fleet, but it holds no decisions.json to replay")
                .advise("capture one with `reconciler capture --out FOLDER`"));
        }
        let run: Self =
            serde_json::from_str(&read_text(&path)?).map_err(|error| SourceError::json(&path, &error))?;
        if run.schema_version > SCHEMA_VERSION {
            let written = run.captured_by.chars().take(20).collect::<String>().escape_debug().to_string();
            return Err(SourceError::new(&path, format!("was written by a later version, {written}"))
                .advise("replay it with that version"));
        }
        Ok(run)
    }
}
