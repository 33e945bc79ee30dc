//! What a run says became of instances is what became of them.

use reconciler_core::manager::{InstanceOutcome, RunError, RunReport};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortErrorKind, SecretStore as _};
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use reconciler_tests::watched::{Request, Trouble, WatchedStore};
use serde_json::{Value, json};

use super::books::Books;
use super::{Bench, left_behind};

async fn bench() -> Bench {
    Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await
}

fn object(value: &Value) -> JsonObject {
    JsonObject::parse(&value.to_string()).unwrap()
}

fn outcome(report: &RunReport, number: usize) -> (InstanceOutcome, &str) {
    let id = Provisioned::new(number).id().to_string();
    let told = report.instances.iter().find(|one| one.instance == id).unwrap();
    (told.outcome, &told.reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_heals_while_its_records_are_left_alone_is_told_as_both() {
    let mut books = left_behind(3);
    let id = Provisioned::new(1).id();
    for path in [id.to_string(), format!("{id}/deployment")] {
        let mut record = books.data(&path).unwrap().clone();
        record["plan_id"] = "redis-large".into();
        books.put(&path, record);
    }
    let mut index = books.data("db").unwrap().clone();
    index[id.as_str()]["orphaned"] = true.into();
    books.put("db", index);
    let (bench, store) = (bench().await, books.in_memory().await);
    for dry_run in [true, false] {
        let report = bench.run_with(store.as_ref(), 1, |run| run.options.dry_run = dry_run).await.unwrap();
        let (told, reason) = outcome(&report, 1);
        assert_eq!((told, report.counts.changed, report.counts.skipped), (InstanceOutcome::Changed, 3, 0));
        let both = "differed: index entry; its records are left alone: the record of instance";
        assert!(reason.starts_with(both) && reason.ends_with("its records are not written"), "{reason}");
    }
    let report = bench.run(store.as_ref(), 2).await.unwrap();
    assert_eq!((outcome(&report, 1).0, report.counts.skipped), (InstanceOutcome::Skipped, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_written_without_their_entry_are_no_complete_run() {
    let books = left_behind(3);
    let store = WatchedStore::new(books.in_memory().await);
    let id = Provisioned::new(1).id();
    let mut index = books.data("db").unwrap().clone();
    index[id.as_str()]["status"] = "validated".into();
    // The broker notes something just before the index is written.
    let late = Trouble::Precedes(vec![("db".to_owned(), Some(object(&index)))]);
    store.plan(Request::Write, "db", 1, late);
    let bench = bench().await;
    let report = bench.run(&store, 1).await.unwrap();
    assert_eq!(outcome(&report, 1).0, InstanceOutcome::Conflicted);
    assert_eq!((report.complete, report.counts.conflicted), (false, 1));
    let failures: Vec<_> = report.failures.iter().map(|one| (one.instance.as_str(), one.kind)).collect();
    assert_eq!(failures, [(id.as_str(), "conflict")]);
    assert!(bench.run(&store, 2).await.unwrap().complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_on_our_own_side_ends_the_run_only_if_the_index_fails_as_well() {
    let path = format!("{}/metadata", Provisioned::new(0).id());
    for is_all in [false, true] {
        let (bench, store) = (bench().await, WatchedStore::new(left_behind(3).in_memory().await));
        store.plan(Request::Read, &path, 1, Trouble::Fails(PortErrorKind::Local));
        if is_all {
            // From the run's second look at it on.
            store.plan_later(Request::Read, "db", (1, 100), Trouble::Fails(PortErrorKind::Local));
        }
        let report = bench.run(&store, 1).await.unwrap();
        assert_eq!(outcome(&report, 0).0, InstanceOutcome::Failed);
        let expected = if is_all { (0, 2) } else { (2, 0) };
        assert_eq!((report.counts.changed, report.counts.not_begun), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_not_begun_where_instances_stand_unless_that_is_said() {
    let mut books = left_behind(3);
    books.remove("db");
    for index in [None, Some(json!({}))] {
        let bench = bench().await;
        if let Some(index) = index {
            books.put("db", index);
        }
        let store = books.in_memory().await;
        let error = bench.run(store.as_ref(), 1).await.unwrap_err();
        let RunError::Refused { reason, advice } = &error else { panic!("{error}") };
        let traced = Provisioned::new(0).id().to_string();
        assert!(reason.contains("the store was used before") && reason.contains(&traced), "{reason}");
        assert!(advice.contains("run --begin-index"), "{advice}");
        assert_eq!(Books::of(store.as_ref()).await, books, "a refused run writes nothing");
        let report = bench.run_with(store.as_ref(), 1, |run| run.options.begin_index = true).await.unwrap();
        assert!(report.complete && store.read("db").await.unwrap().data().is_some());
    }
    // Where nothing stands but what is no instance's, there was none.
    let mut books = Books::default();
    books.put("plans/redis/small", json!({"a": 1}));
    books.put("handshake", json!({"knock": "knock"}));
    assert!(bench().await.run(books.in_memory().await.as_ref(), 1).await.unwrap().complete);
}
