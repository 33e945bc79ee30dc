//! A manifest that the broker stored is never replaced by an older one, however
//! old what the run knows of the Director is by then.

use std::sync::Arc;
use std::time::Duration;

use reconciler_core::manager::{Phase, Progress, Reconciler, RunReport};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::SecretStore;
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use reconciler_tests::vault::HandClock;
use reconciler_tests::watched::{Request, Trouble, WatchedStore};
use serde_json::{Value, json};

use super::books::Books;
use super::{Bench, left_behind, time_of_run};

const UPDATED: Provisioned = Provisioned { number: 1, updates: 1 };

fn object(value: &Value) -> JsonObject {
    JsonObject::parse(&value.to_string()).unwrap()
}

fn manifest_path() -> String {
    format!("{}/manifest", UPDATED.id())
}

/// What is stored, as the broker stores it at that time.
fn stored(instance: Provisioned, at: Option<&str>) -> Value {
    let mut stored = json!({"manifest": instance.manifest()});
    if let Some(at) = at {
        stored["stored_at"] = at.into();
    }
    stored
}

async fn is_kept(store: &dyn SecretStore) -> bool {
    Books::of(store).await.data(&manifest_path()).unwrap()["manifest"] == UPDATED.manifest()
}

fn codes(report: &RunReport) -> Vec<&str> {
    let of_it = report.findings.iter().filter(|finding| finding.subject == UPDATED.deployment());
    of_it.map(|finding| finding.code).collect()
}

/// The first run, during which the broker stores a newer manifest just before
/// the old one would be read.
async fn overtaken(bench: &Bench, at: Option<&str>) -> (WatchedStore, RunReport) {
    let mut books = left_behind(3);
    // The Director's first manifest was never stored: there is something to do.
    books.put(&manifest_path(), json!({"manifest": "name: an older one\n"}));
    let store = WatchedStore::new(books.in_memory().await);
    let newer = object(&stored(UPDATED, at));
    let before = Trouble::Precedes(vec![(manifest_path(), Some(newer))]);
    store.plan(Request::Read, &manifest_path(), 1, before);
    let report = bench.run(&store, 1).await.unwrap();
    (store, report)
}

#[tokio::test]
async fn what_is_not_deployed_yet_stands_while_it_is_new() {
    let bench = Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await;
    let (store, report) = overtaken(&bench, Some("2027-01-15T08:10:01Z")).await;
    assert!(is_kept(store.beneath()).await);
    assert_eq!((codes(&report), report.counts.skipped), (vec!["manifest.newer"], 1));
    bench.director.deploy(UPDATED);
    let next = bench.run(&store, 2).await.unwrap();
    assert!(next.complete && codes(&next).is_empty() && is_kept(store.beneath()).await);
    // What was never deployed is not the newer one for ever.
    bench.director.deploy(Provisioned::new(1));
    assert!(bench.run_with(&store, 3, |run| run.options.full = true).await.unwrap().complete);
    assert!(!is_kept(store.beneath()).await);
}

/// Begins to deploy when a run begins to write: it has asked for tasks by then.
struct Deploys(StillDirector);

impl Progress for Deploys {
    fn begin(&self, phase: Phase, _steps: usize) {
        if phase == Phase::Write {
            self.0.begin(UPDATED);
        }
    }
    fn advance(&self, _steps: usize) {}
    fn end(&self) {}
}

#[tokio::test]
async fn what_a_task_is_deploying_stands() {
    let bench = Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await;
    let mut books = left_behind(3);
    books.put(&manifest_path(), stored(UPDATED, None));
    let store = books.in_memory().await;
    let (clock, cache) = (HandClock::at(time_of_run(1)), ManifestCache::default());
    let deploys = Deploys(bench.director.clone());
    let (catalog, engine) = (Arc::clone(&bench.catalog), Arc::clone(&bench.engine));
    let mut run = Reconciler::new(&bench.director, store.as_ref(), &cache, catalog, engine);
    run.state = Some(&bench.state);
    (run.clock, run.progress) = (&clock, &deploys);
    let report = run.run().await.unwrap();
    assert_eq!(codes(&report), ["deployment.in-flight"]);
    assert!(is_kept(store.as_ref()).await);
}

#[tokio::test]
async fn a_manifest_kept_from_an_earlier_scan_replaces_nothing_newer() {
    let bench = Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await;
    let store = left_behind(3).in_memory().await;
    let cache = ManifestCache::new(Duration::from_secs(3600));
    for (number, expected) in [(1, None), (2, Some("manifest.changed")), (3, None)] {
        if number == 2 {
            // Only properties: the entry in the Director's list stays the same.
            bench.director.rewrite(UPDATED);
            let version = store.read(&manifest_path()).await.unwrap().version();
            store.write(&manifest_path(), &object(&stored(UPDATED, None)), version).await.unwrap();
        }
        let clock = HandClock::at(time_of_run(number));
        let (catalog, engine) = (Arc::clone(&bench.catalog), Arc::clone(&bench.engine));
        let mut run = Reconciler::new(&bench.director, store.as_ref(), &cache, catalog, engine);
        run.state = Some(&bench.state);
        (run.clock, run.options.full) = (&clock, true);
        let report = run.run().await.unwrap();
        assert_eq!(codes(&report), expected.into_iter().collect::<Vec<_>>(), "run {number}");
        assert!(number == 1 || is_kept(store.as_ref()).await, "run {number}");
    }
}

#[tokio::test]
async fn an_instance_that_is_being_deleted_is_left_alone_before_its_entry_says_so() {
    let path = format!("{}/metadata", UPDATED.id());
    for (at, expected) in
        [("2027-01-15T08:09:00Z", vec!["instance.in-operation"]), ("2027-01-13T08:00:00Z", vec![])]
    {
        let bench = Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await;
        let mut books = left_behind(3);
        let mut metadata = UPDATED.metadata();
        metadata["delete_requested_at"] = at.into();
        books.put(&path, metadata);
        let store = books.in_memory().await;
        let report = bench.run(store.as_ref(), 1).await.unwrap();
        assert_eq!(codes(&report), expected);
        let after = Books::of(store.as_ref()).await;
        let untouched = |path: &str| after.data(path) == books.data(path);
        let alone =
            [UPDATED.id().to_string(), path.clone(), manifest_path()].iter().all(|path| untouched(path));
        assert_eq!(alone, !expected.is_empty(), "{at}");
        // A day later the request was left behind, whatever is remembered of it.
        assert_eq!(codes(&bench.run(store.as_ref(), 2).await.unwrap()), expected);
        assert_eq!(codes(&bench.run(store.as_ref(), 150).await.unwrap()), [] as [&str; 0]);
        assert_ne!(Books::of(store.as_ref()).await.data(&path), books.data(&path));
    }
}
