//! A deployment as the Director's list shows it.

use std::sync::Arc;

use serde::Serialize;

use super::DeploymentName;

/// A release by name and version. Versions stay text: `1.10` is not `1.1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ReleaseRef {
    /// The release's name.
    pub name: Arc<str>,
    /// Its version as the Director spells it.
    pub version: Arc<str>,
}

/// A stemcell by name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct StemcellRef {
    /// The stemcell's name.
    pub name: Arc<str>,
    /// Its version as the Director spells it.
    pub version: Arc<str>,
}

/// One entry of the Director's list of deployments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeploymentSummary {
    /// The deployment's name, unique within its Director.
    pub name: DeploymentName,
    /// The releases it uses, in the Director's order.
    pub releases: Vec<ReleaseRef>,
    /// The stemcells it uses, in the Director's order.
    pub stemcells: Vec<StemcellRef>,
    /// The teams that own it.
    pub teams: Vec<Arc<str>>,
    /// Whether a task holds the deployment's lock right now.
    pub locked: bool,
}

impl DeploymentSummary {
    /// A deployment of which only the name is known.
    #[must_use]
    pub fn named(name: DeploymentName) -> Self {
        Self { name, releases: Vec::new(), stemcells: Vec::new(), teams: Vec::new(), locked: false }
    }
}
