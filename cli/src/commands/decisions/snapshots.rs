//! The folder of accepted decisions: `<fleet>/<group>.yml`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use reconciler_core::decisions::{DecisionRecord, Group, Snapshot, group_of, read_group, write_group};
use reconciler_core::model::{Catalog, DeploymentName, visible};

use crate::failure::Failure;

/// How the files end.
const EXTENSION: &str = "yml";

/// The accepted decisions of a fleet.
#[derive(Default)]
pub(super) struct Accepted {
    /// The decisions, whatever file they stand in.
    pub(super) records: BTreeMap<DeploymentName, DecisionRecord>,
    files: BTreeMap<PathBuf, AcceptedFile>,
}

/// A file of the folder as it was read.
struct AcceptedFile {
    text: String,
    /// Which decisions stand in it; none if there are only comments.
    group: Group,
}

/// Which files are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Those whose decisions are others.
    Changed,
    /// Those whose text is another as well: all take the form of today.
    Everything,
}

/// Reads the accepted decisions of a fleet; none if it has no folder yet.
pub(super) fn read(snapshots: &Path, fleet: &str) -> Result<Accepted, Failure> {
    let folder = snapshots.join(fleet);
    let mut accepted = Accepted::default();
    let mut places: BTreeMap<DeploymentName, PathBuf> = BTreeMap::new();
    for file in entries(&folder)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == EXTENSION))
    {
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
        let group = read_group(&text).map_err(|error| {
            let advice = "mend the file, or remove it and accept its decisions anew";
            Failure::told(format!("{}:{error}", shown(&file)), advice)
        })?;
        for (name, record) in &group {
            if let Some(other) = places.insert(name.clone(), file.clone()) {
                return Err(Failure::told(
                    format!("`{name}` is accepted twice, in {} and in {}", shown(&other), shown(&file)),
                    "remove it from one of the files",
                ));
            }
            accepted.records.insert(name.clone(), record.clone());
        }
        accepted.files.insert(file, AcceptedFile { text, group });
    }
    Ok(accepted)
}

/// Folders of accepted decisions that belong to none of these fleets.
pub(super) fn of_no_fleet(snapshots: &Path, fleets: &BTreeSet<&str>) -> Result<Vec<String>, Failure> {
    let folders = entries(snapshots)?.into_iter().filter(|path| path.is_dir());
    let names = folders.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    Ok(names.filter(|name| !name.starts_with('.') && !fleets.contains(name.as_str())).collect())
}

/// What stands in the folder itself and is no fleet's folder. Hidden files are
/// nobody's business.
pub(super) fn stray_files(snapshots: &Path) -> Result<Vec<String>, Failure> {
    let files = entries(snapshots)?.into_iter().filter(|path| !path.is_dir() && !is_hidden(path));
    Ok(files.map(|path| path.display().to_string()).collect())
}

/// What stands in a fleet's folder and is no group's file.
pub(super) struct Strays {
    /// Files that hold accepted decisions all the same.
    pub(super) misplaced: Vec<String>,
    pub(super) others: Vec<String>,
}

/// What stands in a fleet's folder and is no file of a group that has decisions.
pub(super) fn strays(
    snapshots: &Path,
    fleet: &str,
    accepted: &Accepted,
    catalog: &Catalog,
) -> Result<Strays, Failure> {
    let folder = snapshots.join(fleet);
    let groups: BTreeSet<PathBuf> =
        accepted.records.keys().map(|name| file(&folder, group_of(name, catalog))).collect();
    let strays = entries(&folder)?.into_iter().filter(|path| !groups.contains(path) && !is_hidden(path));
    let (misplaced, others): (Vec<PathBuf>, Vec<PathBuf>) =
        strays.partition(|path| accepted.files.get(path).is_some_and(|file| !file.group.is_empty()));
    let [misplaced, others] =
        [misplaced, others].map(|paths| paths.iter().map(|path| path.display().to_string()).collect());
    Ok(Strays { misplaced, others })
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn file(folder: &Path, group: &str) -> PathBuf {
    folder.join(format!("{group}.{EXTENSION}"))
}

/// Writes a file that is not there. What was left there, or put there to lead
/// elsewhere, is removed.
fn write_anew(file: &Path, text: &str) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::File::create_new(file)?.write_all(text.as_bytes())
}

/// Writes what is accepted now: files that differ are replaced, those that hold
/// nothing any more are removed. Says which were touched. Whoever accepts some
/// decisions leaves the files of the others as they are, notes of people included.
pub(super) fn write(
    snapshots: &Path,
    fleet: &str,
    before: &Accepted,
    now: BTreeMap<DeploymentName, DecisionRecord>,
    catalog: &Catalog,
    writing: Writing,
) -> Result<Vec<PathBuf>, Failure> {
    let folder = snapshots.join(fleet);
    let groups = Snapshot::of(now.into_values(), catalog).groups;
    let groups: BTreeMap<PathBuf, Group> =
        groups.into_iter().map(|(group, records)| (file(&folder, &group), records)).collect();
    let mut touched = Vec::new();
    for (file, group) in &groups {
        let text = write_group(group);
        let is_as_it_was = before.files.get(file).is_some_and(|file| match writing {
            Writing::Changed => file.group == *group,
            Writing::Everything => file.text == text,
        });
        if !is_as_it_was {
            let unwritten = |error: std::io::Error| {
                Failure::told(
                    format!("{} cannot be written: {error}", file.display()),
                    "name another folder with --snapshots DIR",
                )
            };
            std::fs::create_dir_all(&folder).map_err(unwritten)?;
            // Beside it, then in its place: what is cut short replaces nothing.
            let beside = file.with_extension("yml.new");
            write_anew(&beside, &text).map_err(unwritten)?;
            std::fs::rename(&beside, file).map_err(unwritten)?;
            touched.push(file.clone());
        }
    }
    // What holds nothing but comments is somebody else's.
    let emptied = before.files.iter().filter(|(_, file)| !file.group.is_empty()).map(|(file, _)| file);
    for file in emptied.filter(|file| !groups.contains_key(*file)) {
        std::fs::remove_file(file).map_err(|error| {
            Failure::told(format!("{} cannot be removed: {error}", shown(file)), "remove it yourself")
        })?;
        touched.push(file.clone());
    }
    Ok(touched)
}

/// A path as a terminal may show it: others may have named the file.
fn shown(path: &Path) -> String {
    visible(path.display().to_string()).into_owned()
}

/// What is in a folder, by name; nothing if there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let paths: Result<Vec<PathBuf>, _> = listed.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(|error| unreadable(folder, &error))?;
    paths.sort();
    Ok(paths)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::told(format!("{} cannot be read: {error}", shown(path)), "name the folder of accepted decisions")
}
