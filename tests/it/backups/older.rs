//! Archives of three older layouts: found without their lists, read, put back,
//! and never removed.

use reconciler_core::backup::{Layout, Part, Shelf};
use reconciler_core::model::{JsonObject, layout};
use reconciler_tests::old_archives::{OldRecords, bundled, hashed, lost_list, timestamped};

use super::{Bench, INSTANCE, instance, object};

const SECOND: u64 = 1_755_600_000;

fn records() -> OldRecords {
    OldRecords {
        entry: object(r#"{"plan_id":"redis-small","created":1.795406299e+09,"v":1.10}"#),
        metadata: object(
            r#"{"history":[{"timestamp":1,"action":"provision"}],"big":123456789012345678901234567890}"#,
        ),
        manifest: object(r#"{"manifest":"name: x\n","stored_at":"2025-08-19T00:00:00Z"}"#),
        credentials: object(r#"{"password":"hunter2"}"#),
    }
}

/// A store with records that are not those of the archive.
async fn bench() -> Bench {
    let bench = Bench::empty();
    bench.put(INSTANCE, &object(r#"{"service_id":"redis"}"#)).await;
    bench.put(&layout::manifest(&instance()), &object(r#"{"manifest":"name: y\n"}"#)).await;
    bench.put(&layout::metadata(&instance()), &object("{}")).await;
    bench.put_entry(&object(r#"{"plan_id":"wrong"}"#)).await;
    bench
}

#[tokio::test]
async fn each_older_layout_is_found_read_and_put_back() {
    type Write = fn(&reconciler_core::model::InstanceId, u64, &OldRecords) -> (String, JsonObject);
    let layouts: [(Write, Layout); 3] =
        [(timestamped, Layout::Timestamped), (hashed, Layout::Hashed), (bundled, Layout::Bundled)];
    for (write, expected) in layouts {
        let bench = bench().await;
        let (path, data) = write(&instance(), SECOND, &records());
        bench.put(&path, &data).await;
        // The broker's own request agrees with the archive.
        bench.put(&layout::deployment(&instance()), &records().entry).await;
        // Its own list has lost the archive, or there never was one.
        let (list, nothing) = lost_list(&instance());
        bench.put(&list, &nothing).await;

        let listing = bench.listing().await;
        assert!(listing.unreadable.is_empty(), "{:?}", listing.unreadable);
        let found: Vec<_> =
            listing.archives.iter().map(|listed| (listed.at.0, listed.path.as_str())).collect();
        assert_eq!(found, [(SECOND, path.as_str())]);
        let archive = bench.archive(&SECOND.to_string()).await;
        assert_eq!(archive.layout, expected);
        assert!(archive.doubts.is_empty() && !archive.is_own());

        let root = bench.fields(INSTANCE).await;
        let restoration = bench.restore("-1").await.unwrap();
        let texts = |object: &JsonObject| object.to_text();
        let records = records();
        assert_eq!(texts(&bench.fields(&layout::manifest(&instance())).await), texts(&records.manifest));
        assert_eq!(texts(&bench.fields(&layout::metadata(&instance())).await), texts(&records.metadata));
        assert_eq!(bench.fields(INSTANCE).await, root);
        let mut entry = bench.entry().await;
        assert!(entry.remove(layout::HOLD).is_some());
        if expected == Layout::Bundled {
            assert_eq!(restoration.left, [Part::Root, Part::Index]);
            assert_eq!(entry.text("plan_id").as_deref(), Some("wrong"));
        } else {
            assert_eq!(restoration.left, [Part::Root]);
            assert_eq!(texts(&entry), texts(&records.entry));
        }
        // What it replaced stands beside it now, in our own layout.
        assert_eq!(bench.archives().await.len(), 2);
        assert!(bench.slot(&format!("{INSTANCE}/credentials")).await.data().is_none());
    }
}

#[tokio::test]
async fn all_layouts_stand_in_one_list_by_time_and_damage_is_told_apart() {
    let bench = bench().await;
    for (path, data) in [
        bundled(&instance(), SECOND + 2, &records()),
        hashed(&instance(), SECOND + 1, &records()),
        timestamped(&instance(), SECOND + 3, &records()),
        (format!("{INSTANCE}/backups/{}", "0".repeat(64)), object(r#"{"timestamp":1}"#)),
    ] {
        bench.put(&path, &data).await;
    }
    let deleted = format!("backups/{INSTANCE}/{}", "1".repeat(64));
    bench.put(&deleted, &object(r#"{"timestamp":1}"#)).await;
    bench.store.beneath().delete(&deleted).await.unwrap();

    let shelf = Shelf::new(bench.store.beneath(), &bench.policy.folder());
    let listings = shelf.list_all().await.unwrap();
    assert_eq!(listings.len(), 1);
    let times: Vec<u64> = listings[0].archives.iter().map(|listed| listed.at.0).collect();
    assert_eq!(times, [SECOND + 3, SECOND + 2, SECOND + 1]);
    assert_eq!(listings[0].unreadable.len(), 1);
    assert!(listings[0].unreadable[0].path.ends_with(&"0".repeat(64)));
}

#[tokio::test]
async fn two_archives_of_one_second_are_told_apart_by_place() {
    let bench = bench().await;
    for (path, data) in
        [hashed(&instance(), SECOND, &records()), timestamped(&instance(), SECOND, &records())]
    {
        bench.put(&path, &data).await;
    }
    let listing = bench.listing().await;
    let error = listing.find(SECOND.to_string().parse().unwrap()).unwrap_err();
    assert!(error.advice().unwrap().contains("@-1 or @-2"), "{error}");
    assert!(listing.find("-2".parse().unwrap()).is_ok());
    let error = listing.find("-3".parse().unwrap()).unwrap_err();
    assert!(error.advice().unwrap().contains("backups list"), "{error}");
}
