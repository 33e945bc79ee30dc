//! Backup, change, restore, compare: equal for every type of value.

use std::fmt::Write as _;

use reconciler_core::backup::{
    BackupError, BackupFolder, Contents, Moment, Part, Snapshot, keep, present, release,
};
use reconciler_core::model::{JsonObject, layout};
use reconciler_core::ports::Clock as _;

use super::{Bench, INSTANCE, instance, object};

/// Every type of value, spelled in ways that a careless reader changes.
const EVERYTHING: &str = r#"{"null":null,"yes":true,"no":false,"integer":1795406299,"beyond":123456789012345678901234567890,"version":1.10,"exponent":1.795406299e+09,"minus":-0.0,"empty":"","text":"a\u0041\n\"\\\/ü€😀","list":[1,"2",[],{}],"object":{"z":1,"a":{"deep":[[[null]]]}},"":"no name","sp ace":"","html":"<&>\u2028","blank" : [ 1 , 2 ]}"#;

/// A history as long as a store takes, with odd entries.
fn history() -> JsonObject {
    let mut text = String::from(r#"{"created_at":"2026-01-01T00:00:00Z","history":["#);
    let mut second = 1_700_000_000;
    while text.len() < 900 * 1024 {
        second += 300;
        write!(
            text,
            r#"{{"timestamp":{second},"action":"reconciliation","description":"päckchen","n":1.10}},"#
        )
        .unwrap();
    }
    text.push_str(r#"{"timestamp":1.7e9,"action":"x"},null,"odd"]}"#);
    object(&text)
}

/// Puts four objects into the store and keeps them.
async fn kept(bench: &Bench, values: [JsonObject; 4]) -> [JsonObject; 4] {
    let [root, manifest, metadata, entry] = &values;
    bench.put(INSTANCE, root).await;
    bench.put(&layout::manifest(&instance()), manifest).await;
    bench.put(&layout::metadata(&instance()), metadata).await;
    bench.put_entry(entry).await;
    let snapshot = Snapshot {
        instance: &instance(),
        contents: present(&bench.store, &instance()).await.unwrap(),
        versions: std::collections::BTreeMap::new(),
        replaced: Part::ALL.to_vec(),
        reason: "test",
        at: Moment::of(bench.clock.now()),
    };
    assert!(keep(&bench.store, &BackupFolder::usual(), &snapshot).await.unwrap().written);
    bench.clock.advance(std::time::Duration::from_secs(60));
    values
}

/// Everything is overwritten, some of it twice.
async fn damage(bench: &Bench) {
    for path in [INSTANCE.to_owned(), layout::manifest(&instance()), layout::metadata(&instance())] {
        bench.put(&path, &object(r#"{"broken":true}"#)).await;
        bench.put(&path, &object(r#"{"broken":true,"integer":1}"#)).await;
    }
    bench.put_entry(&object(r#"{"service_id":"wrong","status":"x"}"#)).await;
}

async fn stands(bench: &Bench) -> [JsonObject; 4] {
    [
        bench.fields(INSTANCE).await,
        bench.fields(&layout::manifest(&instance())).await,
        bench.fields(&layout::metadata(&instance())).await,
        bench.entry().await,
    ]
}

fn texts(values: &[JsonObject]) -> Vec<String> {
    values.iter().map(JsonObject::to_text).collect()
}

#[tokio::test]
async fn what_was_kept_comes_back_byte_for_byte() {
    let bench = Bench::empty();
    let everything = || object(EVERYTHING);
    let before = kept(&bench, [everything(), everything(), history(), everything()]).await;
    let neighbour = object(r#"{"plan_id" : "p"}"#);
    let mut index = bench.fields(layout::INDEX).await;
    index.set_value("relaxed-tesla", &neighbour);
    bench.put(layout::INDEX, &index).await;

    damage(&bench).await;
    let damaged = stands(&bench).await;
    let restoration = bench.restore("-1").await.unwrap();
    assert_eq!(restoration.changes.len(), 4);
    let mut after = stands(&bench).await;
    let hold = after[3].remove(layout::HOLD).unwrap();
    assert!(hold.get().contains("restored from"), "{hold}");
    assert_eq!(texts(&after), texts(&before));
    let index = bench.fields(layout::INDEX).await;
    assert_eq!(index.raw("relaxed-tesla").map(|raw| raw.get().to_owned()), Some(neighbour.to_text()));

    // What it replaced was kept first, and comes back the same way.
    release(&bench.store, &instance(), bench.clock.now()).await.unwrap();
    let mut after = stands(&bench).await;
    assert!(after[3].remove(layout::RELEASED).is_some(), "the next run looks at it");
    assert_eq!(texts(&after), texts(&before));
    assert_eq!(bench.archives().await[0], restoration.replaced.unwrap());
    bench.restore("-1").await.unwrap();
    let mut after = stands(&bench).await;
    after[3].remove(layout::HOLD);
    assert_eq!(texts(&after), texts(&damaged));
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let bench = Bench::empty();
    kept(&bench, [(); 4].map(|()| object(EVERYTHING))).await;
    damage(&bench).await;
    let before = stands(&bench).await;
    let dry = bench.restore_with("-1", None, true).await.unwrap();
    assert!(dry.dry_run && dry.replaced.is_none());
    assert_eq!(stands(&bench).await, before);
    assert_eq!(bench.archives().await.len(), 1);
    let done = bench.restore("-1").await.unwrap();
    assert_eq!(done.changes, dry.changes);
}

#[tokio::test]
async fn one_part_comes_back_alone_and_the_instance_is_held_all_the_same() {
    for part in Part::ALL {
        let bench = Bench::empty();
        let before = kept(&bench, [(); 4].map(|()| object(EVERYTHING))).await;
        damage(&bench).await;
        let damaged = stands(&bench).await;
        bench.restore_with("-1", Some(part), false).await.unwrap();
        let mut after = stands(&bench).await;
        assert!(after[3].remove(layout::HOLD).is_some());
        for other in Part::ALL {
            let expected = if other == part { &before } else { &damaged };
            assert_eq!(after[other as usize], expected[other as usize], "{part:?} {other:?}");
        }
    }
}

#[tokio::test]
async fn a_part_that_the_archive_lacks_stays_and_cannot_be_asked_for() {
    let bench = Bench::empty();
    bench.put_entry(&object(r#"{"plan_id":"p"}"#)).await;
    let contents = Contents::new().with(Part::Index, Some(&bench.entry().await));
    let snapshot = Snapshot {
        instance: &instance(),
        contents,
        versions: std::collections::BTreeMap::new(),
        replaced: Part::ALL.to_vec(),
        reason: "test",
        at: Moment::of(bench.clock.now()),
    };
    keep(&bench.store, &BackupFolder::usual(), &snapshot).await.unwrap();
    damage(&bench).await;
    let root = bench.fields(INSTANCE).await;
    let refused = bench.restore_with("-1", Some(Part::Root), false).await.unwrap_err();
    assert!(matches!(refused, BackupError::Refused { .. }), "{refused}");
    let restoration = bench.restore("-1").await.unwrap();
    assert_eq!(restoration.left, [Part::Root, Part::Manifest, Part::Metadata]);
    assert_eq!(bench.fields(INSTANCE).await, root);
    assert_eq!(bench.entry().await.text("plan_id").as_deref(), Some("p"));
}
