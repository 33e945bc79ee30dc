//! Archives: nothing is changed that is not kept, and what is kept comes back.

mod conflicts;
mod older;
mod retention;
mod rounds;
mod runs;

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::backup::{
    Archive, BackupError, BackupFolder, BackupPolicy, Listing, Part, Restoration, RestoreOrder, Shelf, When,
    restore,
};
use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::{InstanceId, JsonObject, layout};
use reconciler_core::ports::{Clock, Slot};
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::fleets;
use reconciler_tests::vault::HandClock;
use reconciler_tests::watched::WatchedStore;

/// The instance of the demo fleet that these tests look at.
const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";

fn instance() -> InstanceId {
    InstanceId::new(INSTANCE).unwrap()
}

fn object(text: &str) -> JsonObject {
    JsonObject::parse(text).unwrap()
}

/// A store, a clock that a test moves, and the demo fleet.
struct Bench {
    store: WatchedStore,
    clock: HandClock,
    fleet: FleetFolder,
    policy: BackupPolicy,
}

impl Bench {
    /// With an empty store.
    fn empty() -> Self {
        Self {
            store: WatchedStore::new(Arc::new(SqliteStore::open_in_memory().unwrap())),
            clock: HandClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap()),
            fleet: FleetFolder::open(fleets::demo()).unwrap(),
            policy: BackupPolicy::default(),
        }
    }

    /// With the fleet's index, after a first run.
    async fn after_a_run() -> Self {
        let bench = Self::empty();
        let index = bench.fleet.index_object().unwrap().unwrap();
        bench.put(layout::INDEX, &index).await;
        bench.run().await;
        let _noted = bench.store.requests();
        bench
    }

    /// A run over the whole fleet, and a minute later.
    async fn run(&self) -> RunReport {
        self.run_with(|_| {}).await
    }

    async fn run_with(&self, change: impl FnOnce(&mut Reconciler<'_>)) -> RunReport {
        let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
        let manifests = ManifestCache::new(Duration::ZERO);
        let catalog = self.fleet.catalog().unwrap().unwrap();
        let mut run = Reconciler::new(&self.fleet, &self.store, &manifests, catalog, engine);
        run.clock = &self.clock;
        run.options.backups = self.policy.clone();
        change(&mut run);
        let report = run.run().await.unwrap();
        self.clock.advance(Duration::from_secs(60));
        report
    }

    /// What stands at a path, not noted.
    async fn slot(&self, path: &str) -> Slot {
        self.store.beneath().read(path).await.unwrap()
    }

    /// The fields at a path, not noted.
    async fn fields(&self, path: &str) -> JsonObject {
        self.slot(path).await.data().unwrap_or_else(|| panic!("nothing at {path}")).clone()
    }

    /// Writes as somebody else does, not noted.
    async fn put(&self, path: &str, data: &JsonObject) {
        let version = self.slot(path).await.version();
        self.store.beneath().write(path, data, version).await.unwrap();
    }

    /// The index entry of the instance.
    async fn entry(&self) -> JsonObject {
        object(self.fields(layout::INDEX).await.raw(INSTANCE).unwrap().get())
    }

    /// Writes the index entry of the instance as somebody else does.
    async fn put_entry(&self, entry: &JsonObject) {
        let index = self.with_entry(entry).await;
        self.put(layout::INDEX, &index).await;
    }

    /// The index with another entry of the instance.
    async fn with_entry(&self, entry: &JsonObject) -> JsonObject {
        let mut index = self.slot(layout::INDEX).await.data().cloned().unwrap_or_default();
        index.set_value(INSTANCE, entry);
        index
    }

    /// Takes from the instance what we wrote, as the broker does when it writes
    /// what it remembers: the next run has something to do.
    async fn broker_rewrites(&self) {
        let mut entry = self.entry().await;
        for field in ["deployment_name", "reconciled", "reconciled_at", "reconciler_fingerprint"] {
            entry.remove(field);
        }
        self.put_entry(&entry).await;
        let mut root = self.fields(INSTANCE).await;
        root.set_value("plan_name", &format!("as of {}", self.clock.now()));
        root.remove("reconciled_at");
        self.put(INSTANCE, &root).await;
    }

    async fn listing(&self) -> Listing {
        Shelf::new(self.store.beneath(), &self.policy.folder()).list(&instance()).await.unwrap()
    }

    /// The names of the archives of the instance, newest first.
    async fn archives(&self) -> Vec<String> {
        self.listing().await.archives.into_iter().map(|listed| listed.path).collect()
    }

    async fn archive(&self, when: &str) -> Archive {
        let shelf = Shelf::new(self.store.beneath(), &BackupFolder::usual());
        let listing = self.listing().await;
        let when: When = when.parse().unwrap();
        shelf.read(&instance(), listing.find(when).unwrap()).await.unwrap()
    }

    async fn restore(&self, when: &str) -> Result<Restoration, BackupError> {
        self.restore_with(when, None, false).await
    }

    async fn restore_with(
        &self,
        when: &str,
        only: Option<Part>,
        dry_run: bool,
    ) -> Result<Restoration, BackupError> {
        let archive = self.archive(when).await;
        let folder = BackupFolder::usual();
        let at = self.clock.now();
        let allow_other_plan = false;
        let order = RestoreOrder { archive: &archive, only, folder: &folder, at, allow_other_plan, dry_run };
        let done = restore(&self.store, &instance(), &order).await;
        self.clock.advance(Duration::from_secs(60));
        done
    }
}
