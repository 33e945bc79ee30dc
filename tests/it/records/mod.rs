//! An instance's records: which fields are ours, which stay, and what a run says
//! of each instance.

mod creation;
mod director;
mod fields;
mod grounds;
mod history;
mod outcomes;
mod plans;
mod twice;
mod vms;

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::json::raw;
use reconciler_core::model::{InstanceId, JsonObject, layout};
use reconciler_core::ports::{RunState, Slot};
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::fleets;
use reconciler_tests::vault::HandClock;
use reconciler_tests::watched::WatchedStore;

use self::director::Told;

/// The instance of the demo fleet that these tests look at.
const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
/// Its deployment.
const DEPLOYMENT: &str = "redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
/// When the first run starts: 2027-01-15T08:00:00Z.
const NOW: i64 = 1_800_000_000;

fn object(text: &str) -> JsonObject {
    JsonObject::parse(text).unwrap()
}

/// A store, a clock that a test moves, and the demo fleet behind a Director
/// that can be told what to say.
struct Bench {
    store: WatchedStore,
    clock: HandClock,
    director: Told,
    /// What is remembered between runs, where a test wants that.
    state: Option<StateFile>,
}

impl Bench {
    /// With the fleet's index, before any run.
    async fn new() -> Self {
        let bench = Self {
            store: WatchedStore::new(Arc::new(SqliteStore::open_in_memory().unwrap())),
            clock: HandClock::at(DateTime::from_timestamp(NOW, 0).unwrap()),
            director: Told::of(FleetFolder::open(fleets::demo()).unwrap()),
            state: None,
        };
        let index = bench.director.fleet.index_object().unwrap().unwrap();
        bench.put(layout::INDEX, &index).await;
        bench
    }

    /// A reconciler of that one instance, for a test to change and to use.
    async fn with<T>(&self, work: impl AsyncFnOnce(Reconciler<'_>) -> T) -> T {
        let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
        let manifests = ManifestCache::new(Duration::ZERO);
        let catalog = self.director.fleet.catalog().unwrap().unwrap();
        let mut run = Reconciler::new(&self.director, &self.store, &manifests, catalog, engine);
        run.clock = &self.clock;
        run.state = self.state.as_ref().map(|state| state as &dyn RunState);
        run.options.filter.instance = Some(InstanceId::new(INSTANCE).unwrap());
        run.options.full = true;
        let done = work(run).await;
        self.clock.advance(Duration::from_secs(60));
        done
    }

    /// A run that reads every record, and a minute later.
    async fn run(&self) -> RunReport {
        self.run_with(|_| {}).await
    }

    async fn run_with(&self, change: impl FnOnce(&mut Reconciler<'_>)) -> RunReport {
        self.with(async |mut run| {
            change(&mut run);
            run.run().await.unwrap()
        })
        .await
    }

    /// What stands at a path, not noted.
    async fn slot(&self, path: &str) -> Slot {
        self.store.beneath().read(path).await.unwrap()
    }

    /// The fields at a path, not noted; none if nothing is there.
    async fn fields(&self, path: &str) -> JsonObject {
        self.slot(path).await.data().cloned().unwrap_or_default()
    }

    /// The fields at a path below the instance.
    async fn below(&self, path: &str) -> JsonObject {
        self.fields(&format!("{INSTANCE}{path}")).await
    }

    /// Writes as somebody else does, not noted.
    async fn put(&self, path: &str, data: &JsonObject) {
        let version = self.slot(path).await.version();
        self.store.beneath().write(path, data, version).await.unwrap();
    }

    /// Changes what stands at a path, as somebody else does.
    async fn change(&self, path: &str, change: impl FnOnce(&mut JsonObject)) {
        let mut data = self.fields(path).await;
        change(&mut data);
        self.put(path, &data).await;
    }

    /// The same with a memory of its own.
    fn remembering(mut self, folder: &tempfile::TempDir) -> Self {
        let uuid = self.director.fleet.director_uuid().to_owned();
        self.state = Some(StateFile::open(folder.path().join("state.db"), uuid.as_str()).unwrap());
        self
    }

    /// The index entry of the instance.
    async fn entry(&self) -> JsonObject {
        object(self.fields(layout::INDEX).await.raw(INSTANCE).unwrap().get())
    }

    /// Writes the index entry of the instance as somebody else does.
    async fn put_entry(&self, entry: &JsonObject) {
        let entry = raw(entry);
        self.change(layout::INDEX, |index| index.set(INSTANCE, entry)).await;
    }

    /// The history of the instance.
    async fn history(&self) -> Vec<serde_json::Value> {
        let metadata = self.below("/metadata").await;
        metadata.raw("history").map_or_else(Vec::new, |raw| serde_json::from_str(raw.get()).unwrap())
    }
}
