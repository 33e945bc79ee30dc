//! The shapes of a Director's recorded answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{DeploymentName, DeploymentSummary, ReleaseRef, StemcellRef};

#[derive(Serialize, Deserialize)]
pub(super) struct WireInfo {
    #[serde(default)]
    pub(super) name: String,
    pub(super) uuid: String,
    #[serde(default)]
    pub(super) version: String,
}

#[derive(Serialize, Deserialize)]
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

#[derive(Serialize, Deserialize)]
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

impl From<&DeploymentSummary> for WireDeployment {
    fn from(summary: &DeploymentSummary) -> Self {
        let part =
            |name: &Arc<str>, version: &Arc<str>| WirePart { name: name.clone(), version: version.clone() };
        Self {
            name: summary.name.clone(),
            releases: summary.releases.iter().map(|one| part(&one.name, &one.version)).collect(),
            stemcells: summary.stemcells.iter().map(|one| part(&one.name, &one.version)).collect(),
            teams: summary.teams.clone(),
            locked: summary.locked,
        }
    }
}
