//! Files that cannot be used: each gives one clear error, and stays as it was.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::adapters::sqlite::{SqliteStore, StateFile};
use crate::ports::RunState;
use crate::ports::{SecretStore, Slot, Version};

/// Opening fails with these words for both kinds of file, changes no byte and
/// leaves nothing beside the file.
fn assert_refused(path: &Path, says: &[&str]) {
    let before = fs::read(path).ok();
    let beside = names(path.parent().unwrap());
    let impatient = Duration::ZERO;
    let store = SqliteStore::open_waiting(path, impatient).unwrap_err();
    let state = StateFile::open(path, "uuid").unwrap_err();
    let reading = StateFile::open_existing(path, "uuid").unwrap_err();
    for error in [store, state, reading] {
        assert_explains(&error, path, says);
    }
    assert_eq!(fs::read(path).ok(), before, "the file was changed");
    assert_eq!(names(path.parent().unwrap()), beside, "files were left");
}

#[test]
fn what_is_no_database() {
    for content in ["hello", &"not a database, but long\n".repeat(500)] {
        let (_folder, path) = place();
        fs::write(&path, content).unwrap();
        #[cfg(unix)]
        set_mode(&path, 0o600);
        assert_refused(&path, &["is not an SQLite database", "another file"]);
    }
}

#[test]
fn a_database_of_another_program() {
    for mode in ["delete", "wal"] {
        let (_folder, path) = place();
        let other = stranger(&path);
        other
            .pragma_update(None, "journal_mode", mode)
            .and_then(|()| other.execute_batch("CREATE TABLE t (x)"))
            .unwrap();
        drop(other);
        assert_refused(&path, &["another program", "another file"]);
    }
}

#[test]
fn a_file_of_a_newer_release() {
    let (_folder, store) = place();
    drop(SqliteStore::open(&store).unwrap());
    let state = store.with_file_name("state.sqlite");
    drop(StateFile::open(&state, "uuid").unwrap());
    for path in [&store, &state] {
        stranger(path).pragma_update(None, "user_version", 9).unwrap();
    }
    let says = ["has schema 9, and this release knows 1", "newer"];
    assert_explains(&SqliteStore::open(&store).unwrap_err(), &store, &says);
    let says = ["has schema 9, and this release knows 7", "newer"];
    assert_explains(&StateFile::open(&state, "uuid").unwrap_err(), &state, &says);
    let reading = StateFile::open_existing(&state, "uuid").unwrap_err();
    assert_explains(&reading, &state, &says);
}

#[test]
fn a_directory() {
    let (_folder, path) = place();
    fs::create_dir(&path).unwrap();
    assert_refused(&path, &["is a directory"]);
}

#[test]
fn a_file_in_the_place_of_a_folder() {
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    let below = path.join("store.sqlite");
    let error = SqliteStore::open(&below).unwrap_err();
    assert_explains(&error, &below, &["folders above it"]);
}

#[test]
fn the_empty_path() {
    let error = SqliteStore::open("").unwrap_err();
    assert_explains(&error, Path::new(""), &["has no absolute path"]);
}

#[test]
fn a_file_that_another_process_holds() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    let other = stranger(&path);
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").unwrap();
    let error = SqliteStore::open_waiting(&path, Duration::ZERO).unwrap_err();
    assert_explains(&error, &path, &["is locked by another process", "fuser"]);
    drop(other);
    SqliteStore::open_waiting(&path, Duration::ZERO).unwrap();
}

#[tokio::test]
async fn a_write_while_another_process_writes() {
    let (_folder, path) = place();
    let store = SqliteStore::open_waiting(&path, Duration::ZERO).unwrap();
    let write = || async { store.write("db", &object("{}"), Version::NEVER).await };
    let other = stranger(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = write().await.unwrap_err();
    assert_explains(&error, &path, &["secret `db`", "locked by another process"]);
    // Reading goes on meanwhile.
    assert_eq!(store.read("db").await.unwrap().version(), Version::NEVER);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write().await.unwrap(), Version(1));
}

#[tokio::test]
async fn a_full_disk() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let first = store.write("db", &object(r#"{"a":1}"#), Version::NEVER).await.unwrap();
    let limit = |pages: i64| {
        store.with_connection(|connection| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
        });
    };
    limit(1);
    let mut large = JsonObject::new();
    large.set_value("text", &"x".repeat(100_000));
    let error = store.write("db", &large, first).await.unwrap_err();
    assert_explains(&error, &path, &["full disk; nothing was stored", "free space"]);
    assert_eq!(store.read("db").await.unwrap(), Slot::Present { version: first, data: object(r#"{"a":1}"#) });
    limit(1_000_000);
    assert_eq!(store.write("db", &large, first).await.unwrap(), Version(2));
}

/// The superuser may write everywhere: then there is nothing to see.
#[cfg(unix)]
#[tokio::test]
async fn files_and_folders_that_cannot_be_written() {
    let (folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    let state = path.with_file_name("state.sqlite");
    drop(StateFile::open(&state, "uuid").unwrap());
    set_mode(&path, 0o400);
    set_mode(folder.path(), 0o500);
    if fs::write(folder.path().join("probe"), "").is_err() {
        let error = SqliteStore::open(&path).unwrap_err();
        assert_explains(&error, &path, &["readable and writable"]);
        let other = folder.path().join("other.sqlite");
        let error = SqliteStore::open(&other).unwrap_err();
        assert_explains(&error, &other, &["cannot be created", "writable"]);
        let below = folder.path().join("below/other.sqlite");
        let error = SqliteStore::open(&below).unwrap_err();
        assert_explains(&error, &below, &["cannot be created", "writable"]);

        set_mode(&state, 0o400);
        let error = StateFile::open(&state, "uuid").unwrap_err();
        assert_explains(&error, &state, &["is read-only", "readable and writable"]);
        let reading = StateFile::open_existing(&state, "uuid").unwrap().unwrap();
        assert_eq!(reading.index_size().unwrap(), None);

        set_mode(folder.path(), 0o700);
        let error = SqliteStore::open(&path).unwrap_err();
        assert_explains(&error, &path, &["is read-only", "readable and writable"]);
    }
    set_mode(folder.path(), 0o700);
}
