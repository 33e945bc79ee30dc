//! The store beyond the contract: history, limit, seeding, cancellation,
//! secrecy.

use std::sync::Arc;

use futures_util::FutureExt;

use super::*;
use crate::adapters::sqlite::SqliteStore;
use crate::ports::{PortErrorKind, SecretStore, Slot, Version};

const SECRET: &str = "hunter2";

#[tokio::test]
async fn ten_versions_of_each_path_are_kept() {
    let store = SqliteStore::open_in_memory().unwrap();
    store.write("other", &object("{}"), Version::NEVER).await.unwrap();
    for version in 0..25 {
        let data = object(&format!("{{\"n\":{version}}}"));
        store.write("db", &data, Version(version)).await.unwrap();
    }
    let kept: Vec<(String, i64)> = store.with_connection(|connection| {
        connection
            .prepare("SELECT path, version FROM secret_version ORDER BY path, version")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    });
    let expected: Vec<_> =
        (16..=25).map(|version| ("db".to_owned(), version)).chain([("other".to_owned(), 1)]).collect();
    assert_eq!(kept, expected);
}

#[tokio::test]
async fn a_value_over_the_limit_is_refused_and_nothing_is_written() {
    let store = SqliteStore::open_in_memory().unwrap().with_limit(10);
    let fits = object(r#"{"a":"12"}"#);
    let over = object(r#"{"a":"123"}"#);
    for refused in [
        store.write("db", &over, Version::NEVER).await.map(drop),
        store.seed_once("db", &over).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::TooLarge);
        let text = error.to_string();
        assert!(text.contains("11 bytes and the limit is 10"), "{text}");
    }
    assert_eq!(store.read("db").await.unwrap().version(), Version::NEVER);
    assert!(store.seed_once("db", &fits).await.unwrap(), "not unused");
}

#[tokio::test]
async fn a_store_is_seeded_once_in_its_life() {
    let (_folder, path) = place();
    let index = object(r#"{"a":{"plan_id":"p"}}"#);
    let open = || SqliteStore::open(&path).unwrap();
    assert!(open().seed_once("db", &index).await.unwrap());
    let slot = open().read("db").await.unwrap();
    assert_eq!(slot.version(), Version(1));
    assert_eq!(slot.data(), Some(&index));

    assert!(!open().seed_once("db", &index).await.unwrap());
    open().delete("db").await.unwrap();
    assert!(!open().seed_once("db", &index).await.unwrap());
    open().purge("db").await.unwrap();
    assert!(!open().seed_once("db", &index).await.unwrap());
    assert_eq!(open().read("db").await.unwrap(), Slot::Vacant { version: Version::NEVER });
}

#[tokio::test]
async fn a_store_that_was_written_to_is_not_seeded() {
    let store = SqliteStore::open_in_memory().unwrap();
    store.write("elsewhere", &object("{}"), Version::NEVER).await.unwrap();
    assert!(!store.seed_once("db", &object("{}")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_seed_at_once_one_does() {
    let (_folder, path) = place();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let path = path.clone();
            tokio::spawn(async move {
                // Each creates the file, if it is the first.
                let store = SqliteStore::open(&path).unwrap();
                let data = object(&format!("{{\"by\":{number}}}"));
                store.seed_once("db", &data).await.unwrap()
            })
        })
        .collect();
    let mut seeded = 0;
    for task in tasks {
        seeded += u32::from(task.await.unwrap());
    }
    assert_eq!(seeded, 1);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.read("db").await.unwrap().version(), Version(1));
}

#[test]
fn a_dropped_write_is_done_whole_and_leaves_nothing_open() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let dropped = async {
        for version in 0..20 {
            let data = object(&format!("{{\"n\":{version}}}"));
            // The one thread for blocking work is busy, so that the write cannot
            // end before it is dropped.
            let (go, wait) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || wait.recv());
            let begun = store.write("db", &data, Version(version)).now_or_never();
            assert!(begun.is_none(), "it ended before it could be dropped");
            drop(go);
            busy.await.unwrap().unwrap_err();
            // Waits for the work that nobody waits for any more.
            let slot = store.read("db").await.unwrap();
            assert_eq!(slot.version(), Version(version + 1));
            assert_eq!(slot.data(), Some(&data));
        }
    };
    tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap().block_on(dropped);
    assert!(store.with_connection(Connection::is_autocommit));
}

#[tokio::test]
async fn a_panic_in_a_change_rolls_it_back() {
    let store = SqliteStore::open_in_memory().unwrap();
    let panicking = Arc::new(store.clone());
    let task = tokio::spawn(async move { panicking.panic_after_writing("db").await });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(store.read("db").await.unwrap().version(), Version::NEVER);
    let written = store.write("db", &object("{}"), Version::NEVER).await;
    assert_eq!(written.unwrap(), Version(1));
}

#[tokio::test]
async fn neither_debug_nor_errors_show_values() {
    let (_folder, path) = place();
    let store = SqliteStore::open(&path).unwrap();
    let secret = object(&format!("{{\"password\":\"{SECRET}\"}}"));
    store.write("db", &secret, Version::NEVER).await.unwrap();
    assert!(!format!("{store:?}").contains(SECRET));

    let conflict = store.write("db", &secret, Version(7)).await.unwrap_err();
    assert_eq!(conflict.kind, PortErrorKind::Conflict);
    let text = conflict.to_string();
    assert!(text.contains("its version is 1, not 7"), "{text}");
    store.with_connection(|connection| {
        connection
            .execute("UPDATE secret_version SET data = ?1", [format!("{{\"password\":\"{SECRET}\"")])
            .unwrap();
    });
    let damaged = store.read("db").await.unwrap_err();
    assert_eq!(damaged.kind, PortErrorKind::Malformed);
    for error in [conflict, damaged] {
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
}
