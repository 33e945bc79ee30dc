//! When an instance was made: from its records, else from the Director's events,
//! and never the time of a run.

use reconciler_core::model::json::raw;

use super::{Bench, DEPLOYMENT, INSTANCE, object};

/// An entry that has lost its times, as Blacksmith's own reconciler leaves it.
const BARE: &str = r#"{"service_id":"redis","plan_id":"redis-small"}"#;

/// `created` of the record, `created_at` of metadata and entry.
async fn created(bench: &Bench) -> [Option<String>; 3] {
    let text = |raw: Option<&serde_json::value::RawValue>| raw.map(|raw| raw.get().to_owned());
    let (root, metadata, entry) =
        (bench.below("").await, bench.below("/metadata").await, bench.entry().await);
    [text(root.raw("created")), text(metadata.raw("created_at")), text(entry.raw("created_at"))]
}

fn all(seconds: i64, text: &str) -> [Option<String>; 3] {
    [Some(seconds.to_string()), Some(format!("\"{text}\"")), Some(format!("\"{text}\""))]
}

#[tokio::test(flavor = "multi_thread")]
async fn created_and_requested_at_are_not_the_time_of_the_run() {
    let bench = Bench::new().await;
    bench.put_entry(&object(BARE)).await;
    bench.director.created(DEPLOYMENT, 1_790_000_000);
    let first = bench.run().await;
    assert!(first.complete);
    assert_eq!(created(&bench).await, all(1_790_000_000, "2026-09-21T14:13:20Z"));
    for object in [bench.below("").await, bench.entry().await] {
        assert_eq!(object.text("requested_at").as_deref(), Some("2026-09-21T14:13:20Z"));
    }
    // One page of events, and the empty one after it.
    assert_eq!(bench.director.events_asked(), 2);
    // What is known is not asked again, nor set again.
    bench.director.created(DEPLOYMENT, 1_700_000_000);
    assert_eq!(bench.run().await.counts.writes, 0);
    assert_eq!(bench.director.events_asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_records_know_is_not_asked_of_the_director() {
    let known = [
        ("entry", "created", "1785923322"),
        ("entry", "created_at", r#""2026-08-05T09:48:42Z""#),
        ("entry", "requested_at", r#""2026-08-05T11:48:42+02:00""#),
        ("/metadata", "created_at", r#""2026-08-05T09:48:42Z""#),
        ("", "created", "1.785923322e+09"),
        ("", "requested_at", r#""2026-08-05T09:48:42Z""#),
    ];
    for (place, field, value) in known {
        let bench = Bench::new().await;
        let value: Box<serde_json::value::RawValue> = serde_json::from_str(value).unwrap();
        let mut entry = object(BARE);
        if place == "entry" {
            entry.set(field, value.clone());
        } else {
            bench.change(&format!("{INSTANCE}{place}"), |object| object.set(field, value.clone())).await;
        }
        bench.put_entry(&entry).await;
        let report = bench.run().await;
        assert_eq!((report.counts.changed, bench.director.events_asked()), (1, 0), "{place} {field}");
        let kept = if place == "entry" { bench.entry().await } else { bench.below(place).await };
        assert_eq!(kept.raw(field).unwrap().get(), value.get());
        let times = created(&bench).await;
        let root = bench.below("").await;
        assert!(
            times.iter().all(Option::is_some) && root.contains("requested_at"),
            "{place} {field}: {times:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_before_1970_is_a_slip_and_stays_as_it_is() {
    let bench = Bench::new().await;
    bench.put_entry(&object(BARE)).await;
    bench.change(INSTANCE, |root| root.set("created", raw(&-62_135_596_800_i64))).await;
    bench.director.created(DEPLOYMENT, 1_790_000_000);
    bench.run().await;
    let [root, metadata, entry] = created(&bench).await;
    assert_eq!(root.as_deref(), Some("-62135596800"));
    assert_eq!((metadata.as_deref(), &metadata), (Some("\"2026-09-21T14:13:20Z\""), &entry));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pruned_stays_unset_and_costs_an_unchanged_run_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new().await.remembering(&folder);
    bench.put_entry(&object(BARE)).await;
    let all_of_them = |full: bool| {
        move |run: &mut reconciler_core::manager::Reconciler<'_>| {
            run.options.filter = Default::default();
            run.options.full = full;
        }
    };
    bench.run_with(all_of_them(true)).await;
    assert_eq!(created(&bench).await, [None, None, None]);
    // One page for all who do not know, the fleet's strays among them.
    assert_eq!(bench.director.events_asked(), 1);
    for (full, asked) in [(false, 0), (true, 1)] {
        let report = bench.run_with(all_of_them(full)).await;
        assert_eq!((report.counts.writes, bench.director.events_asked()), (0, asked), "full: {full}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_events_cannot_be_read_the_records_are_not_read_again_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new().await.remembering(&folder);
    bench.put_entry(&object(BARE)).await;
    bench.director.loses_events();
    let run = async |full: bool| {
        bench
            .run_with(|run| {
                run.options.filter = Default::default();
                run.options.full = full;
            })
            .await
    };
    run(false).await;
    let is_its_own = |path: &str| path.starts_with(INSTANCE);
    let asked = || bench.store.requests().iter().filter(|(_, path)| is_its_own(path)).count();
    let (_before, _first) = (asked(), bench.director.events_asked());
    for _ in 0..2 {
        let report = run(false).await;
        assert_eq!((report.counts.writes, asked(), bench.director.events_asked()), (0, 0, 1));
        assert!(report.findings.iter().any(|finding| finding.code == "events.unread"));
    }
    // What moved is read all the same, and what reads everything reads it.
    let mut entry = bench.entry().await;
    entry.set("bound", raw(&true));
    bench.put_entry(&entry).await;
    for (full, reads) in [(false, 3), (false, 0), (true, 3), (false, 0)] {
        run(full).await;
        assert_eq!(asked(), reads, "full: {full}");
    }
    // Once they tell, it is told.
    bench.director.created(DEPLOYMENT, 1_790_000_000);
    run(false).await;
    assert_eq!(created(&bench).await, all(1_790_000_000, "2026-09-21T14:13:20Z"));
    assert!(bench.entry().await.contains("reconciler_fingerprint"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_read_are_told_and_read_by_the_next_run() {
    let bench = Bench::new().await;
    bench.put_entry(&object(BARE)).await;
    bench.director.loses_events();
    let report = bench.run().await;
    assert!(report.findings.iter().any(|finding| finding.code == "events.unread"), "{:?}", report.findings);
    assert_eq!(created(&bench).await, [None, None, None]);
    assert_eq!(report.counts.changed, 1);
    // The entry does not claim that all was done.
    assert!(!bench.entry().await.contains("reconciler_fingerprint"));
    bench.director.created(DEPLOYMENT, 1_790_000_000);
    bench.run().await;
    assert_eq!(created(&bench).await, all(1_790_000_000, "2026-09-21T14:13:20Z"));
    assert!(bench.entry().await.contains("reconciler_fingerprint"));
}
