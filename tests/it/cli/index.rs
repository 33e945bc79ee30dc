//! The index has other writers: what they have put there, and what they put
//! there while we work, is never lost.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::{JsonObject, layout};
use reconciler_core::ports::{PortError, SecretStore, Slot, Version};
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::fleets;

use super::program::World;

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
const METADATA: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f/metadata";

/// A store in which somebody else writes to a path in the moment before we do.
#[derive(Debug)]
struct Busy {
    store: SqliteStore,
    path: &'static str,
    change: fn(&mut JsonObject),
    over: AtomicBool,
}

#[async_trait]
impl SecretStore for Busy {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.store.read(path).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        if path == self.path && !self.over.swap(true, Ordering::SeqCst) {
            let slot = self.store.read(path).await?;
            let mut theirs = slot.data().cloned().unwrap_or_default();
            (self.change)(&mut theirs);
            self.store.write(path, &theirs, slot.version()).await?;
        }
        self.store.write(path, data, expected).await
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.store.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        self.store.delete(path).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        self.store.purge(path).await
    }

    fn address(&self) -> String {
        self.store.address()
    }
}

/// A run on the demo fleet while somebody else makes one change.
async fn run_beside(path: &'static str, change: fn(&mut JsonObject)) -> (RunReport, SqliteStore) {
    let fleet = FleetFolder::open(fleets::demo()).unwrap();
    let store = SqliteStore::open_in_memory().unwrap();
    store.seed_once(layout::INDEX, &fleet.index_object().unwrap().unwrap()).await.unwrap();
    let busy = Busy { store: store.clone(), path, change, over: AtomicBool::new(false) };
    let manifests = ManifestCache::new(Duration::ZERO);
    let catalog = fleet.catalog().unwrap().unwrap();
    let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
    let reconciler = Reconciler::new(&fleet, &busy, &manifests, catalog, engine);
    let report = reconciler.run().await.unwrap();
    assert!(busy.over.load(Ordering::SeqCst), "nothing was written to {path}");
    (report, store)
}

async fn fields(store: &SqliteStore, path: &str) -> JsonObject {
    store.read(path).await.unwrap().data().unwrap().clone()
}

fn entry(index: &JsonObject, key: &str) -> JsonObject {
    JsonObject::parse(index.raw(key).unwrap().get()).unwrap()
}

#[tokio::test]
async fn what_the_broker_writes_between_our_reading_and_writing_is_kept() {
    let (report, store) = run_beside("db", |index| {
        index.set_value("made-meanwhile", &serde_json::json!({"plan_id": "redis-small"}));
        let mut mine = entry(index, INSTANCE);
        mine.set_value("status", "deprovision_requested");
        index.set_value(INSTANCE, &mine);
        index.remove("27463417-5f17-4d6e-be79-1c8eb666341b");
    })
    .await;
    // Their records were written, and their entries were not.
    let unfinished: Vec<_> = report.failures.iter().map(|one| (one.instance.as_str(), one.kind)).collect();
    let of_both = [("27463417-5f17-4d6e-be79-1c8eb666341b", "conflict"), (INSTANCE, "conflict")];
    assert_eq!((report.complete, &unfinished[..]), (false, &of_both[..]));
    let index = fields(&store, "db").await;
    assert_eq!(index.raw("made-meanwhile").unwrap().get(), r#"{"plan_id":"redis-small"}"#);
    let mine = entry(&index, INSTANCE);
    assert_eq!(mine.text("status").as_deref(), Some("deprovision_requested"));
    assert!(!mine.contains("reconciled"), "an entry that the broker works on is left alone");
    // What the broker removed meanwhile does not come back.
    assert!(!index.contains("27463417-5f17-4d6e-be79-1c8eb666341b"));
    for code in ["entry.vanished", "entry.changed"] {
        assert!(report.findings.iter().any(|finding| finding.code == code), "{code}: {:?}", report.findings);
    }
}

#[tokio::test]
async fn what_the_broker_writes_into_a_record_meanwhile_is_kept() {
    let (report, store) = run_beside(METADATA, |metadata| {
        metadata.set_value("history", &serde_json::json!([{"action": "theirs"}]));
        metadata.set_value("note", "theirs");
    })
    .await;
    assert!(report.complete, "{:?}", report.failures);
    let metadata = fields(&store, METADATA).await;
    assert_eq!(metadata.text("note").as_deref(), Some("theirs"));
    assert_eq!(metadata.text("plan_name").as_deref(), Some("small"));
    let history: Vec<serde_json::Value> =
        serde_json::from_str(metadata.raw("history").unwrap().get()).unwrap();
    assert_eq!((history.len(), &history[0]["action"]), (2, &"theirs".into()));
}

#[tokio::test]
async fn an_index_emptied_behind_our_back_stops_the_run_before_it_writes() {
    for (how, empty) in [("removed", true), ("without entries", false)] {
        let world = World::new();
        world.run("run").ends(0);
        if empty {
            let store = SqliteStore::open(world.store_file()).unwrap();
            store.delete("db").await.unwrap();
        } else {
            world.change("db", |index| *index = JsonObject::new()).await;
        }
        let before = world.versions().await;
        // Changed, so that there would be something to write.
        let manifest = world.manifest("redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f");
        world.edit(&manifest, "maxmemory: 768mb", "maxmemory: 512mb");
        for line in ["run", "run --dry-run", "plan", "plan --detailed-exitcode", "scan"] {
            let answer = world.run(line).fails(4, &["refused", "index", "entries", "help: "]);
            assert!(answer.stderr.contains("restore"), "{how}: {}", answer.stderr);
        }
        assert_eq!(world.versions().await, before, "{how}");
    }
}

#[tokio::test]
async fn a_store_is_begun_with_the_fleets_index_once() {
    let world = World::new();
    world.run("run").ends(0).warns(&["begun with the fleet's index"]);
    let text = fs::read_to_string(world.file("index.json")).unwrap();
    fs::write(
        world.file("index.json"),
        text.replacen('{', r#"{"later-entry": {"plan_id": "redis-small"},"#, 1),
    )
    .unwrap();
    let again = world.run("run").ends(0).says(&["0 writes"]);
    assert!(!again.stderr.contains("begun"), "{}", again.stderr);
    assert!(!world.fields("db").await.contains("later-entry"));
}

#[tokio::test]
async fn members_of_any_shape_stay_byte_for_byte_and_in_their_place() {
    let odd = [
        ("80af89e2-e686-41b3-8070-6050bc24b88b", "null"),
        ("11111111-2222-4333-8444-555555555555", "7.10"),
        ("a key that is no id", r#"{"plan_id":  "redis-small"}"#),
        ("../db", "[ 1, {\"a\" :null} ]"),
        ("", "\"text \\u00e9\""),
        ("empty-entry", "{}"),
        ("odd-types", r#"{"plan_id": 7, "service_id": null, "n": 1.0e+400}"#),
        // A matched deployment's entry that is none.
        ("91ab649d-511d-40c7-87c0-9d24ce44912d", "false"),
    ];
    let world = World::new();
    let text = fs::read_to_string(world.file("index.json")).unwrap();
    let mut index = JsonObject::parse(&text).unwrap();
    for (key, value) in odd {
        index.set(key, serde_json::value::RawValue::from_string(value.to_owned()).unwrap());
    }
    let keys: Vec<String> = index.iter().map(|(key, _)| key.to_owned()).collect();
    fs::write(world.file("index.json"), index.to_text()).unwrap();
    world.run("run").ends(0).says(&["entry.not-an-object"]);

    let stored = world.fields("db").await;
    for (key, value) in odd {
        assert_eq!(stored.raw(key).unwrap().get(), value, "{key}");
    }
    let stored_keys: Vec<String> = stored.iter().map(|(key, _)| key.to_owned()).take(keys.len()).collect();
    assert_eq!(stored_keys, keys);
    world.run("run").ends(0).says(&["0 writes"]);
}

#[tokio::test]
async fn an_index_that_was_deleted_is_not_begun_anew_even_without_a_state() {
    let world = World::new();
    world.run("run").ends(0);
    SqliteStore::open(world.store_file()).unwrap().delete(layout::INDEX).await.unwrap();
    fs::remove_file(world.state_file()).unwrap();
    let answer = world.run("run").ends(4);
    assert!(answer.stderr.contains("is deleted") && answer.stderr.contains("restore"), "{}", answer.stderr);
}
