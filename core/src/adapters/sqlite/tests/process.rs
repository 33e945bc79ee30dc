//! Several connections and processes on one file.

use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::adapters::sqlite::SqliteStore;
use crate::ports::{PortErrorKind, SecretStore, Version};

/// Tells a copy of this test program which store to count in.
const STORE: &str = "RECONCILER_TEST_STORE_TO_COUNT_IN";
const INCREMENTS: u64 = 50;

/// Counts up in a store, each write over what was read.
async fn count_up(path: &Path) {
    let store = SqliteStore::open(path).unwrap();
    let mut done = 0;
    while done < INCREMENTS {
        let slot = store.read("counter").await.unwrap();
        let count: u64 = slot.data().map_or(0, |data| data.raw("count").unwrap().get().parse().unwrap());
        let data = object(&format!("{{\"count\":{}}}", count + 1));
        match store.write("counter", &data, slot.version()).await {
            Ok(_) => done += 1,
            Err(error) => assert_eq!(error.kind, PortErrorKind::Conflict, "{error}"),
        }
    }
}

async fn assert_counted(path: &Path, total: u64) {
    let store = SqliteStore::open(path).unwrap();
    let slot = store.read("counter").await.unwrap();
    assert_eq!(slot.version(), Version(total));
    assert_eq!(slot.data(), Some(&object(&format!("{{\"count\":{total}}}"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_lose_no_increment() {
    let (_folder, path) = place();
    let (first, second) = (path.clone(), path.clone());
    let first = tokio::spawn(async move { count_up(&first).await });
    let second = tokio::spawn(async move { count_up(&second).await });
    first.await.unwrap();
    second.await.unwrap();
    assert_counted(&path, 2 * INCREMENTS).await;
}

/// Starts itself twice. The copies also race for creating the file.
#[tokio::test]
async fn two_processes_lose_no_increment() {
    if let Some(path) = std::env::var_os(STORE) {
        return count_up(Path::new(&path)).await;
    }
    let (_folder, path) = place();
    let this_test = concat!(module_path!(), "::two_processes_lose_no_increment");
    let (_crate_name, this_test) = this_test.split_once("::").unwrap();
    let copies: Vec<_> = (0..2)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args([this_test, "--exact"])
                .env(STORE, &path)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for copy in copies {
        let ended = copy.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "a copy failed: {said}");
    }
    assert_counted(&path, 2 * INCREMENTS).await;
}
