//! The right answers of a fleet.

use std::collections::BTreeMap;
use std::path::Path;

use reconciler_core::adapters::fleet::read_labels;
use reconciler_core::matching::Label;
use reconciler_core::model::DeploymentName;

use crate::failure::Failure;

/// Reads labels from a file.
pub(crate) fn labels(file: &Path) -> Result<BTreeMap<DeploymentName, Label>, Failure> {
    Ok(read_labels(file)?)
}
