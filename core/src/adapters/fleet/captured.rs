//! Reads what was decided of a fleet when it was captured.

use std::path::Path;

use super::super::SourceError;
use super::super::source_file::read_text;
use crate::decisions::{CapturedRun, CapturedRunError};

/// The file of a fleet that holds it.
pub(super) const DECISIONS: &str = "decisions.json";

/// The run of a captured fleet.
///
/// # Errors
/// If the fleet holds none, or one that another version wrote.
pub(super) fn read(fleet: &Path) -> Result<CapturedRun, SourceError> {
    let path = fleet.join(DECISIONS);
    if !path.is_file() {
        return Err(SourceError::new(fleet, "is a fleet, but it holds no decisions.json to replay")
            .advise("capture one with `reconciler capture --out FOLDER`"));
    }
    CapturedRun::parse(&read_text(&path)?).map_err(|error| match error {
        CapturedRunError::Json(error) => SourceError::json(&path, &error),
        CapturedRunError::OtherForm { .. } => SourceError::new(&path, error.to_string())
            .advise("capture the fleet again with this version, or replay it with that one"),
        other => SourceError::new(&path, other.to_string()).advise("capture the fleet again"),
    })
}
