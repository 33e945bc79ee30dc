//! Files that only their owner may read: creating them, and refusing others.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

use super::faults::{Place, Task};
use crate::ports::PortError;

/// What SQLite puts beside a database. They hold the same secrets.
const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Creates an empty file of mode 0600, and missing folders above it of mode
/// 0700. An existing file is left alone. Gives whether it was created.
pub(super) fn create(task: &Task, place: &Place, path: &Path) -> Result<bool, PortError> {
    let created = create_folders(path.parent()).and_then(|()| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        match options.open(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    });
    created.map_err(|error| place.io_fault(task, "cannot be created", error))
}

/// Creates the missing folders and makes their names durable: SQLite syncs the
/// folder of a database, not the ones above it.
fn create_folders(folder: Option<&Path>) -> io::Result<()> {
    let Some(folder) = folder else { return Ok(()) };
    let missing: Vec<&Path> = folder.ancestors().take_while(|f| !f.exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    for created in missing {
        if let Some(above) = created.parent() {
            fs::File::open(above)?.sync_all()?;
        }
    }
    Ok(())
}

/// Whether there is something at the path that may be opened; `false` if there
/// is nothing.
pub(super) fn is_there(task: &Task, place: &Place, path: &Path) -> Result<bool, PortError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            Err(place.refusal(task, "is a directory", "name a file in it, or another place"))
        }
        Ok(found) if !found.is_file() => {
            Err(place.refusal(task, "is not a regular file", "name another file"))
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(place.io_fault(task, "cannot be examined", error)),
    }
}

/// Refuses a file, or a sidecar of it, that others than its owner may open.
pub(super) fn refuse_wide(task: &Task, place: &Place, path: &Path) -> Result<(), PortError> {
    let sidecars = SIDECARS.iter().map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    });
    for file in std::iter::once(path.to_owned()).chain(sidecars) {
        let Ok(metadata) = fs::metadata(&file) else {
            continue;
        };
        if let Some(mode) = wide_mode(&metadata) {
            let shown = file.display();
            return Err(place.refusal(
                task,
                format!("can be opened by others than its owner: {shown} has mode {mode:04o}"),
                format!(
                    "close it with `chmod 600 {shown}`; if others could read it, change the credentials in it"
                ),
            ));
        }
    }
    Ok(())
}

/// The mode, if it gives anything to the group or to others.
#[cfg(unix)]
fn wide_mode(metadata: &fs::Metadata) -> Option<u32> {
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Without modes there is nothing to refuse.
#[cfg(not(unix))]
fn wide_mode(_: &fs::Metadata) -> Option<u32> {
    None
}
