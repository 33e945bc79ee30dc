//! The scripts that ship with the program.

use std::path::{Path, PathBuf};

/// Their folder.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts")
}

/// Their texts, by name.
///
/// # Panics
/// If they cannot be read.
#[must_use]
pub fn texts() -> Vec<String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the scripts lie beside the tests")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "rhai"))
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).expect("a script")).collect()
}
