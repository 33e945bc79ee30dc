//! Files: how they are created, who may open them, how durable they are.

use std::fs;

use super::*;
use crate::adapters::sqlite::{SqliteStore, StateFile};
use crate::ports::{SecretStore, Version};

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_open_what_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/store.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    store.write("db", &object("{}"), Version::NEVER).await.unwrap();
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let files = names(path.parent().unwrap());
    assert_eq!(files, ["store.sqlite", "store.sqlite-shm", "store.sqlite-wal"]);
    for file in files {
        assert_eq!(mode(&path.with_file_name(&file)), 0o600, "{file}");
    }
    drop(store);
    assert_eq!(names(path.parent().unwrap()), ["store.sqlite"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_open_is_refused() {
    for wide in [0o644, 0o640, 0o602, 0o610] {
        let (_folder, path) = place();
        drop(SqliteStore::open(&path).unwrap());
        set_mode(&path, wide);
        let error = SqliteStore::open(&path).unwrap_err();
        let shown = format!("mode {wide:04o}");
        assert_explains(&error, &path, &[&shown, "`chmod 600 "]);
        set_mode(&path, 0o600);
        SqliteStore::open(&path).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_new_file_that_others_may_open_stays_empty() {
    let (folder, path) = place();
    fs::write(&path, "").unwrap();
    set_mode(&path, 0o644);
    let error = SqliteStore::open(&path).unwrap_err();
    assert_explains(&error, &path, &["`chmod 600 "]);
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    assert_eq!(names(folder.path()), ["store.sqlite"]);
    set_mode(&path, 0o600);
    SqliteStore::open(&path).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_sidecar_that_others_may_open_is_refused() {
    let (folder, path) = place();
    let first = SqliteStore::open(&path).unwrap();
    first.write("db", &object("{}"), Version::NEVER).await.unwrap();
    set_mode(&folder.path().join("store.sqlite-wal"), 0o644);
    let error = SqliteStore::open(&path).unwrap_err();
    assert_explains(&error, &path, &["store.sqlite-wal has mode 0644"]);
}

#[tokio::test]
async fn a_write_is_durable_before_it_is_acknowledged() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let settings = store.with_connection(|connection| {
        let text = |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        (text("journal_mode").unwrap(), number("synchronous").unwrap())
    });
    // 2 is FULL; 3 is EXTRA, which is FULL with a write-ahead log.
    assert_eq!(settings, ("wal".to_owned(), 3));
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let (_folder, path) = place();
    let text = r#"{"v":1.10,"z":123456789012345678901234567890,"a":"\u0041"}"#;
    let store = SqliteStore::open(&path).unwrap();
    store.write("db", &object(text), Version::NEVER).await.unwrap();
    drop(store);
    let slot = SqliteStore::open(&path).unwrap().read("db").await.unwrap();
    assert_eq!(slot.version(), Version(1));
    assert_eq!(slot.data().unwrap().to_text(), text, "the bytes changed");
}

#[tokio::test]
async fn names_that_mean_something_to_sqlite_are_files_like_others() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x?mode=memory", "a b%20'\"ü.sqlite"] {
        let path = folder.path().join(name);
        let store = SqliteStore::open(&path).unwrap();
        store.write("db", &object("{}"), Version::NEVER).await.unwrap();
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
        assert_eq!(store.address(), path.to_str().unwrap());
    }
}

#[test]
fn a_store_is_no_state_file_and_a_state_file_no_store() {
    let (_folder, path) = place();
    drop(SqliteStore::open(&path).unwrap());
    for error in [StateFile::open(&path, "u").unwrap_err(), StateFile::open_existing(&path, "u").unwrap_err()]
    {
        assert_explains(&error, &path, &["open the state file", "no state file"]);
    }
    let state = path.with_file_name("state.sqlite");
    drop(StateFile::open(&state, "u").unwrap());
    let error = SqliteStore::open(&state).unwrap_err();
    assert_explains(&error, &state, &["no embedded store", "another file"]);
}
