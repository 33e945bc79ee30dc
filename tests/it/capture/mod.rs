//! Captures: they decide as the live fleet did, and hold no secret.

mod program;
mod property;
mod random;

use std::path::{Path, PathBuf};

use reconciler_core::adapters::fleet::{FleetFolder, FleetWriter};
use reconciler_core::decisions::{CapturedRun, DecisionRecord};
use reconciler_core::manifest::secrets::{KnownNames, Seal};
use reconciler_core::matching::{MatchEngine, Rules};
use reconciler_core::model::{FleetStatistics, JsonObject};
use reconciler_tests::fleets::Fleet;

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Every byte below a folder, names included.
pub(crate) fn everything(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for file in files(folder) {
        bytes.extend(file.to_string_lossy().as_bytes());
        bytes.extend(std::fs::read(&file).unwrap());
    }
    bytes
}

pub(crate) fn holds(haystack: &[u8], needle: &str) -> bool {
    String::from_utf8_lossy(haystack).contains(needle)
}

/// Captures a fleet in memory, and gives what was decided.
fn capture(fleet: &Fleet, index: &JsonObject, engine: &MatchEngine, out: &Path) -> Vec<DecisionRecord> {
    let decisions = engine.decide_all(&fleet.deployments, &fleet.facts);
    let saved: Vec<DecisionRecord> = decisions.iter().map(DecisionRecord::from).collect();
    let mut writer = FleetWriter::create(out, Seal::new(&[9; 32])).unwrap();
    let keys = engine.manifest_keys();
    for deployment in &fleet.deployments {
        let known = fleet.facts.known_names(&deployment.summary);
        writer.deployment(deployment, KnownNames { keys: Some(&keys), ..known }).unwrap();
    }
    writer.catalog(&fleet.facts.catalog).unwrap();
    writer.index(index).unwrap();
    writer.decisions(&CapturedRun::new("0", Rules::of(engine), saved.clone())).unwrap();
    writer.finish("harbour", "f3e6ca47-240a-420d-9e5f-b7cdea513248", "282.0.4").unwrap();
    writer.keep();
    saved
}

/// What a captured fleet decides.
fn decide(out: &Path, engine: &MatchEngine) -> Vec<DecisionRecord> {
    let folder = FleetFolder::open(out).unwrap();
    let deployments: Vec<_> = folder.summaries().iter().map(|summary| folder.deployment(summary)).collect();
    let facts = reconciler_core::matching::Facts::new(
        folder.catalog().unwrap().unwrap(),
        folder.index().unwrap(),
        FleetStatistics::of(folder.summaries()),
    );
    engine.decide_all(&deployments, &facts).iter().map(DecisionRecord::from).collect()
}
