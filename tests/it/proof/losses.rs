//! What another reconciler was found to lose or to spoil when it writes, each as
//! a test of its own.

use reconciler_core::manager::RunError;
use reconciler_core::ports::{PortErrorKind, Slot};
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use reconciler_tests::watched::{Request, Trouble, WatchedStore};
use serde_json::{Value, json};

use super::books::Books;
use super::{Bench, left_behind};

/// A fleet that a run has brought into line, and its store.
async fn settled(instances: usize) -> (Bench, WatchedStore) {
    let bench = Bench::new(StillDirector::with((0..instances).map(Provisioned::new))).await;
    let store = WatchedStore::new(left_behind(instances).in_memory().await);
    assert!(bench.run(&store, 1).await.unwrap().complete);
    let _noted = store.requests();
    (bench, store)
}

async fn books(store: &WatchedStore) -> Books {
    Books::of(store.beneath()).await
}

/// Puts a secret as somebody else does.
async fn put(store: &WatchedStore, path: &str, data: &Value) {
    let version = store.beneath().read(path).await.unwrap().version();
    let data = reconciler_core::model::JsonObject::parse(&data.to_string()).unwrap();
    store.beneath().write(path, &data, version).await.unwrap();
}

#[tokio::test]
async fn a_503_on_the_index_never_becomes_an_empty_index() {
    let (bench, store) = settled(3).await;
    let before = books(&store).await;
    for kind in [PortErrorKind::Transient, PortErrorKind::Unavailable, PortErrorKind::Malformed] {
        store.plan(Request::Read, "db", 1, Trouble::Fails(kind));
        let error = bench.run(&store, 2).await.unwrap_err();
        assert!(matches!(error, RunError::Port(_)), "{error}");
        assert_eq!(books(&store).await, before);
    }
}

#[tokio::test]
async fn an_index_that_was_wiped_is_not_begun_anew() {
    let (bench, store) = settled(3).await;
    put(&store, "db", &json!({})).await;
    let before = books(&store).await;
    assert!(matches!(bench.run(&store, 2).await, Err(RunError::Refused { .. })));
    store.beneath().delete("db").await.unwrap();
    assert!(matches!(bench.run(&store, 3).await, Err(RunError::Refused { .. })));
    assert_eq!(store.beneath().read("db").await.unwrap().data(), None);
    assert_eq!(books(&store).await.paths().count(), before.paths().count() - 1);
}

#[tokio::test]
async fn an_index_that_vanishes_during_a_run_is_not_written_in_its_place() {
    // The broker deletes it softly with the last entry: its version stays.
    let bench = Bench::new(StillDirector::with([Provisioned::new(0)])).await;
    let mut before = left_behind(1);
    let id = Provisioned::new(0).id();
    before.put("db", json!({id.as_str(): Provisioned::new(0).entry()}));
    let store = WatchedStore::new(before.in_memory().await);
    let metadata = format!("{id}/metadata");
    store.plan(Request::Write, &metadata, 1, Trouble::Precedes(vec![("db".to_owned(), None)]));
    let report = bench.run(&store, 1).await.unwrap();
    assert!(!report.complete);
    assert!(report.failures[0].instance == "db" && report.failures[0].message.contains("is gone now"));
    assert!(matches!(store.beneath().read("db").await.unwrap(), Slot::Vacant { .. }));
}

#[tokio::test]
async fn the_index_is_not_rewritten_for_each_instance() {
    let bench = Bench::new(StillDirector::with((0..20).map(Provisioned::new))).await;
    let store = WatchedStore::new(left_behind(20).in_memory().await);
    assert_eq!(bench.run(&store, 1).await.unwrap().counts.changed, 20);
    let requests = store.requests();
    assert_eq!(
        requests.iter().filter(|(request, path)| *request == Request::Write && path == "db").count(),
        1
    );
}

#[tokio::test]
async fn a_failed_read_of_metadata_never_replaces_the_history() {
    let (bench, store) = settled(2).await;
    let instance = Provisioned { number: 0, updates: 1 };
    let metadata = format!("{}/metadata", instance.id());
    bench.director.deploy(instance);
    let before = books(&store).await;
    store.plan(Request::Read, &metadata, 1, Trouble::Fails(PortErrorKind::Transient));
    let report = bench.run(&store, 2).await.unwrap();
    assert_eq!((report.counts.failed, report.counts.writes), (1, 0), "{:?}", report.failures);
    assert_eq!(books(&store).await, before);

    let report = bench.run(&store, 3).await.unwrap();
    assert!(report.complete && report.counts.changed == 1);
    let [old, new] =
        [&before, &books(&store).await].map(|books| books.data(&metadata).unwrap()["history"].clone());
    let (old, new) = (old.as_array().unwrap(), new.as_array().unwrap());
    assert_eq!((&new[..old.len()], new.len()), (&old[..], old.len() + 1), "grown by one, nothing replaced");
}

#[tokio::test]
async fn fields_of_the_broker_survive_in_entry_and_record() {
    let (_, store) = settled(2).await;
    let (before, after) = (left_behind(2), books(&store).await);
    let kept = |before: &Value, after: &Value, at: &str| {
        for (field, value) in before.as_object().unwrap() {
            assert_eq!(after.get(field), Some(value), "{at}: {field}");
        }
    };
    for number in 0..2 {
        let id = Provisioned::new(number).id();
        let entry = |books: &Books| books.data("db").unwrap()[id.as_str()].clone();
        kept(&entry(&before), &entry(&after), "the entry");
        let record = |books: &Books| books.data(id.as_str()).unwrap().clone();
        kept(&record(&before), &record(&after), "the record");
        assert!(record(&after)["context"].is_object(), "the context does not become a text");
        assert_eq!(
            after.data(&format!("{id}/manifest")).unwrap()["stored_at"],
            before.data(&format!("{id}/manifest")).unwrap()["stored_at"]
        );
    }
}

#[tokio::test]
async fn times_of_creation_and_request_are_not_set_to_now() {
    let (bench, store) = settled(2).await;
    let before = books(&store).await;
    bench.director.deploy(Provisioned { number: 0, updates: 1 });
    assert_eq!(bench.run(&store, 2).await.unwrap().counts.changed, 1);
    let after = books(&store).await;
    for number in 0..2 {
        let id = Provisioned::new(number).id();
        for field in ["created", "created_at", "requested_at"] {
            let entry = |books: &Books| books.data("db").unwrap()[id.as_str()][field].clone();
            assert_eq!(entry(&after), entry(&before), "{field}");
            let record = |books: &Books| books.data(id.as_str()).unwrap()[field].clone();
            assert_eq!(record(&after), record(&before), "{field}");
        }
    }
}

#[tokio::test]
async fn null_entries_and_odd_members_of_the_index_are_not_dropped() {
    let (_, store) = settled(2).await;
    let index = books(&store).await.data("db").unwrap().clone();
    assert!(index.as_object().unwrap().contains_key("an-old-note") && index["an-old-note"].is_null());
    assert_eq!(index["another"], json!(["kept", 1.5]));
    assert!(index["relaxed-tesla"]["service_id"] == "redis");
}

#[tokio::test]
async fn a_null_entry_of_a_deployed_instance_is_told_and_costs_no_archive_run_after_run() {
    let bench = Bench::new(StillDirector::with([Provisioned::new(0)])).await;
    let id = Provisioned::new(0).id();
    let mut before = left_behind(1);
    let mut index = before.data("db").unwrap().clone();
    index[id.as_str()] = Value::Null;
    before.put("db", index);
    let store = WatchedStore::new(before.in_memory().await);
    for run in 1..4 {
        let report = bench.run(&store, run).await.unwrap();
        assert_eq!(
            (report.counts.skipped, report.counts.writes, report.counts.backups),
            (1, 0, 0),
            "run {run}"
        );
        assert!(report.findings.iter().any(|finding| finding.code == "entry.not-an-object"), "run {run}");
        assert_eq!(books(&store).await, before);
    }
}

#[tokio::test]
async fn an_instance_that_a_monitor_called_deleted_is_written_as_soon_as_it_is_there() {
    let (bench, store) = settled(1).await;
    let id = Provisioned::new(0).id();
    let mut index = books(&store).await.data("db").unwrap().clone();
    for (field, value) in
        [("status", "deleted"), ("deleted_by", "vm-monitor"), ("deleted_at", "2027-01-15T08:00:00Z")]
    {
        index[id.as_str()][field] = json!(value);
    }
    put(&store, "db", &index).await;
    assert_eq!(bench.run(&store, 2).await.unwrap().counts.changed, 1);
    let healed = books(&store).await.data("db").unwrap()[id.as_str()].clone();
    assert!(healed.get("status").is_none() && healed.get("deleted_at").is_none(), "{healed}");
    assert_eq!(healed["instance_name"], "cache-0");
}

#[tokio::test]
async fn no_backup_is_taken_and_no_history_grows_where_nothing_changed() {
    let (bench, store) = settled(3).await;
    let before = books(&store).await;
    // Few enough that the entry without a deployment does not turn missing.
    for run in 2..6 {
        let report = bench.run_with(&store, run, |run| run.options.full = true).await.unwrap();
        assert_eq!((report.counts.writes, report.counts.backups), (0, 0), "run {run}");
    }
    assert_eq!(books(&store).await, before);
}

#[tokio::test]
async fn an_index_write_of_unknown_fate_is_settled_by_reading_and_written_once() {
    for trouble in [Trouble::AnswerLost, Trouble::Fails(PortErrorKind::Ambiguous)] {
        let bench = Bench::new(StillDirector::with((0..2).map(Provisioned::new))).await;
        let before = left_behind(2);
        let store = WatchedStore::new(before.in_memory().await);
        store.plan(Request::Write, "db", 1, trouble.clone());
        let report = bench.run(&store, 1).await.unwrap();
        assert!(report.complete, "{trouble:?}: {:?}", report.failures);
        assert_eq!(books(&store).await.version("db"), before.version("db") + 1, "{trouble:?}");
        assert_eq!(bench.run(&store, 2).await.unwrap().counts.writes, 0);
    }
}

#[tokio::test]
async fn a_record_whose_answer_is_lost_is_written_once_and_told_as_written() {
    let bench = Bench::new(StillDirector::with([Provisioned::new(0)])).await;
    let before = left_behind(1);
    let metadata = format!("{}/metadata", Provisioned::new(0).id());
    let store = WatchedStore::new(before.in_memory().await);
    store.plan(Request::Write, &metadata, 1, Trouble::AnswerLost);
    let report = bench.run(&store, 1).await.unwrap();
    let after = books(&store).await;
    assert_eq!((report.counts.writes as u64, report.counts.backups as u64), after.writes_since(&before));
    assert_eq!(after.version(&metadata), 2);
    assert!(report.complete && report.changes.iter().any(|change| change.path == metadata));
}

#[tokio::test]
async fn a_run_in_the_second_of_the_one_before_keeps_what_it_changes_once() {
    let (bench, store) = settled(3).await;
    let archives =
        async || store.beneath().list(&format!("{}/backups", Provisioned::new(1).id())).await.unwrap();
    let before = archives().await;
    bench.director.deploy(Provisioned { number: 1, updates: 1 });
    let report = bench.run(&store, 1).await.unwrap();
    assert_eq!((report.counts.changed, report.counts.backups), (1, 1));
    assert_eq!(archives().await.len(), before.len() + 1);
}
