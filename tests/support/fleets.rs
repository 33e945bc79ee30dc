//! Fleets that tests decide.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reconciler_core::adapters::fleet::{FleetFolder, read_labels};
use reconciler_core::manifest::Deployment;
use reconciler_core::matching::{Facts, Label};
use reconciler_core::model::{DeploymentName, FleetStatistics};

/// The demo fleet of this repository.
#[must_use]
pub fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fleets/demo")
}

/// Labelled fleets that may lie beside the repository; none on most machines.
#[must_use]
pub fn shared() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fleets");
    let mut fleets: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("labels.yml").is_file())
        .collect();
    fleets.sort();
    fleets
}

/// A labelled fleet in memory.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The folder's name.
    pub name: String,
    /// The deployments, by name.
    pub deployments: Vec<Deployment>,
    /// What decisions are made from.
    pub facts: Facts,
    /// The right answers.
    pub labels: BTreeMap<DeploymentName, Label>,
}

/// Reads a labelled fleet with all its manifests.
///
/// # Panics
/// If a part of it is missing or broken.
#[must_use]
pub fn load(root: &Path) -> Fleet {
    let folder = FleetFolder::open(root).expect("a fleet");
    let catalog = folder.catalog().expect("a catalog").expect("the fleet has its own catalog");
    let index = folder.index().expect("an index");
    let summaries = folder.summaries();
    Fleet {
        name: root.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        deployments: summaries.iter().map(|summary| folder.deployment(summary)).collect(),
        facts: Facts::new(catalog, index, FleetStatistics::of(summaries)),
        labels: read_labels(&root.join("labels.yml")).expect("labels"),
    }
}

/// Copies a fleet, so that a test can damage it.
///
/// # Errors
/// If a file cannot be copied.
pub fn copy(fleet: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(fleet)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
