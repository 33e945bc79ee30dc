//! The embedded store and the state file, beyond the contract of stores.

mod files;
mod journal;
mod process;
mod state;
mod store;
mod unusable;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::model::JsonObject;
use crate::ports::{PortError, PortErrorKind};

const UUID: &str = "2daf673a-9755-4b4f-aa6d-3632fbed8012";

/// Makes the newest schema the second one.
const WITHOUT_DECISIONS: &str = "
    DROP TABLE rule_set;
    ALTER TABLE run DROP COLUMN decided_by_index;
    ALTER TABLE director DROP COLUMN scanned;
    ALTER TABLE director DROP COLUMN store;
    DROP TABLE recollection;
    DROP TABLE decision_set;
    ALTER TABLE run DROP COLUMN started_by;
    ALTER TABLE run DROP COLUMN error;
    ALTER TABLE run DROP COLUMN chain;
    ALTER TABLE run DROP COLUMN phases;
    ALTER TABLE run DROP COLUMN decisions;";

/// An instant some minutes after a fixed one.
fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 123_456_789).unwrap() + Duration::minutes(minutes)
}

/// A folder of its own for a test, and the file in it to use.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    (folder, path)
}

fn object(text: &str) -> JsonObject {
    JsonObject::parse(text).unwrap()
}

/// Another program's connection to a file.
fn stranger(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The error is our side's, names the file, says all these things, and what to
/// do.
fn assert_explains(error: &PortError, path: &Path, says: &[&str]) {
    let text = format!("{error}; {}", error.advice.as_deref().unwrap_or_default());
    assert_eq!(error.kind, PortErrorKind::Local, "{text}");
    assert!(error.advice.is_some(), "no advice: {text}");
    for part in says.iter().copied().chain([path.to_str().unwrap()]) {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
