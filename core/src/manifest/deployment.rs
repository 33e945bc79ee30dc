//! A deployment with its manifest: what matching looks at.

use std::sync::Arc;

use super::Manifest;
use crate::model::DeploymentSummary;

/// A deployment as the Director knows it: its entry in the list, and its
/// manifest. Copied in no time.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// What the Director's list says.
    pub summary: Arc<DeploymentSummary>,
    /// Its manifest, or what is known about why there is none.
    pub manifest: Manifest,
}

impl Deployment {
    /// Joins a deployment with its manifest.
    #[must_use]
    pub fn new(summary: impl Into<Arc<DeploymentSummary>>, manifest: Manifest) -> Self {
        Self { summary: summary.into(), manifest }
    }
}
