//! Where a side of `decisions diff` comes from, as it is written on a command line.

use std::path::Path;

use reconciler_core::matching::nearest;

use crate::failure::Failure;
use crate::wiring;

/// What begins the id of a run.
const RUN: &str = "run:";

/// What a side may be.
pub(super) enum Source<'a> {
    Fleet(&'a Path),
    /// A file that decisions were saved in.
    Saved(&'a Path),
    /// A run of the journal, by its id.
    Run(&'a str),
}

impl<'a> Source<'a> {
    /// Reads what was given. It is there, and a capture is its owner's alone.
    pub(super) fn of(given: &'a str) -> Result<Self, Failure> {
        if let Some(id) = given.strip_prefix(RUN) {
            if id.is_empty() {
                return Err(Failure::told(
                    "`run:` names no run",
                    "give `run:latest`, or the id of a run that `reconciler status` shows",
                ));
            }
            return Ok(Self::Run(id));
        }
        let path = Path::new(given);
        if !path.exists() {
            return Err(nowhere(given));
        }
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        if let Some(folder) = folder.filter(|folder| is_capture(folder, path)) {
            wiring::refuse_wide(folder)?;
        }
        Ok(if path.is_dir() { Self::Fleet(path) } else { Self::Saved(path) })
    }
}

impl<'a> Source<'a> {
    /// The fleet's folder, if it is one.
    pub(super) fn fleet(&self) -> Option<&'a Path> {
        match self {
            Self::Fleet(folder) => Some(folder),
            _ => None,
        }
    }

    /// The capture that a saved file is of, if it lies in it.
    pub(super) fn capture(&self) -> Option<&'a Path> {
        match self {
            Self::Saved(file) => {
                let folder = file.parent().filter(|folder| is_capture(folder, file))?;
                Some(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
            }
            _ => None,
        }
    }
}

/// Whether a folder is a capture that this side is read from.
fn is_capture(folder: &Path, side: &Path) -> bool {
    let decisions = folder.join("decisions.json");
    let is_of_it = side == folder || side == decisions;
    is_of_it && decisions.is_file() && folder.join("director/deployments.json").is_file()
}

/// Nothing is where it was looked for: most often a slip of the pen.
fn nowhere(given: &str) -> Failure {
    let what = format!("there is no file or folder `{}`", given.escape_debug());
    let lower = given.to_ascii_lowercase();
    let advice = if let Some((_, id)) = lower.split_once(':').filter(|(word, _)| word.starts_with("run")) {
        format!("did you mean `{RUN}{id}`?")
    } else if lower == "latest" {
        format!("did you mean `{RUN}latest`?")
    } else if let Some(neighbour) = neighbour(Path::new(given)) {
        format!("did you mean `{neighbour}`?")
    } else {
        "give a fleet's folder, a file that `reconciler scan --json` printed, a capture's `decisions.json`, \
         `run:latest` or `run:ID`"
            .to_owned()
    };
    Failure::told(what, advice)
}

/// What stands beside a path that is not there, and is called much like it.
fn neighbour(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let name = nearest(path.file_name()?.to_str()?, &names)?;
    Some(folder.map_or(name.clone(), |folder| folder.join(&name).display().to_string()))
}
