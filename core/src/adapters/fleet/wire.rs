//! The shapes of a Director's recorded answers.

use std::sync::Arc;

use serde::Deserialize;

use crate::model::{DeploymentName, DeploymentSummary, ReleaseRef, StemcellRef};

#[derive(Deserialize)]
pub(super) struct WireInfo {
    #[serde(default)]
    pub(super) name: String,
    pub(super) uuid: String,
    #[serde(default)]
    pub(super) version: String,
}

#[derive(Deserialize)]
pub(super) struct WireDeployment {
    name: DeploymentName,
    #[serde(default)]
    releases: Vec<WirePart>,
    #[serde(default)]
    stemcells: Vec<WirePart>,
    #[serde(default)]
    teams: Vec<Arc<str>>,
    #[serde(default)]
    locked: bool,
}

#[derive(Deserialize)]
struct WirePart {
    name: Arc<str>,
    #[serde(default)]
    version: Arc<str>,
}

impl From<WireDeployment> for DeploymentSummary {
    fn from(wire: WireDeployment) -> Self {
        Self {
            name: wire.name,
            releases: wire
                .releases
                .into_iter()
                .map(|part| ReleaseRef { name: part.name, version: part.version })
                .collect(),
            stemcells: wire
                .stemcells
                .into_iter()
                .map(|part| StemcellRef { name: part.name, version: part.version })
                .collect(),
            teams: wire.teams,
            locked: wire.locked,
        }
    }
}
