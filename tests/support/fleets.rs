//! Fleets that tests decide.

use std::path::{Path, PathBuf};

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
