//! Missing and stray: nothing is called so before it is proven, and everything
//! heals.

mod archives;
mod clocks;
mod coexistence;
mod doubts;
mod hindrances;
mod limit;
mod named;
mod proof;
mod properties;
mod sequences;
mod shrunk;
mod strays;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::manager::{OrphanReport, Reconciler, RunReport};
use reconciler_core::matching::PolicyKind;
use reconciler_core::model::{JsonObject, layout};
use reconciler_core::ports::RunState;
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::memory_director::MemoryDirector;
use reconciler_tests::scene::{self, Scene};
use reconciler_tests::vault::HandClock;
use reconciler_tests::watched::WatchedStore;
use tempfile::TempDir;

const DIRECTOR: &str = "2daf673a-9755-4b4f-aa6d-3632fbed8012";

fn id(number: usize) -> String {
    format!("{number:08x}-2fa1-41d2-883f-0016d3cca427")
}

fn name(number: usize) -> String {
    format!("redis-small-{}", id(number))
}

fn object(text: &str) -> JsonObject {
    JsonObject::parse(text).unwrap()
}

/// A Director, a store, a clock that the test moves, and a state file that is
/// opened anew by every run: each is a process of its own.
struct World {
    director: MemoryDirector,
    store: WatchedStore,
    clock: HandClock,
    folder: TempDir,
    /// Whether runs remember anything.
    remembers: bool,
}

impl World {
    /// So many instances of `redis-small`, each with its deployment and its old
    /// entry.
    async fn of(instances: usize) -> Self {
        let world = Self {
            director: MemoryDirector::new(DIRECTOR),
            store: WatchedStore::new(Arc::new(SqliteStore::open_in_memory().unwrap())),
            clock: HandClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap()),
            folder: tempfile::tempdir().unwrap(),
            remembers: true,
        };
        world.director.holdings().scopes = Some(vec!["bosh.read".to_owned()]);
        let mut index = JsonObject::new();
        for number in 0..instances {
            world.deploy(number);
            index.set_value(
                id(number),
                &object(r#"{"service_id":"redis","plan_id":"redis-small","created":1700000000,"note":1.10}"#),
            );
        }
        world.put(layout::INDEX, &index).await;
        world
    }

    fn deploy(&self, number: usize) {
        let manifest = format!("meta: {{params: {{instance_id: {}}}}}\n", id(number));
        self.director.holdings().deployments.insert(name(number), manifest);
    }

    fn delete(&self, number: usize) {
        self.director.holdings().deployments.remove(&name(number));
    }

    fn wait(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(60 * minutes));
    }

    fn state(&self) -> StateFile {
        StateFile::open(self.folder.path().join("state.db"), DIRECTOR).unwrap()
    }

    async fn run(&self) -> RunReport {
        self.run_with(|_| {}).await
    }

    async fn run_with(&self, change: impl FnOnce(&mut Reconciler<'_>)) -> RunReport {
        let state = self.state();
        let manifests = ManifestCache::new(Duration::ZERO);
        let mut run = self.reconciler(&manifests);
        run.state = self.remembers.then_some(&state as &dyn RunState);
        change(&mut run);
        run.run().await.unwrap()
    }

    async fn orphans(&self) -> OrphanReport {
        let state = self.state();
        let manifests = ManifestCache::new(Duration::ZERO);
        let mut run = self.reconciler(&manifests);
        run.state = self.remembers.then_some(&state as &dyn RunState);
        run.orphans().await.unwrap()
    }

    fn reconciler<'a>(&'a self, manifests: &'a ManifestCache) -> Reconciler<'a> {
        let catalog = Scene::of("redis: small; pg: standalone; secure-vault: small").facts().catalog;
        let engine = scene::engine(PolicyKind::Best);
        let mut run = Reconciler::new(&self.director, &self.store, manifests, catalog, engine);
        run.clock = &self.clock;
        run
    }

    /// Lets deployments go, and two complete scans an hour apart miss them; the
    /// second is left to the caller.
    async fn absent_for_an_hour(&self, numbers: impl IntoIterator<Item = usize>) {
        self.run().await;
        numbers.into_iter().for_each(|number| self.delete(number));
        self.run().await;
        self.wait(60);
        let _noted = (self.store.requests(), self.director.requests());
    }

    /// Writes as somebody else does, not noted.
    async fn put(&self, path: &str, data: &JsonObject) {
        let version = self.store.beneath().read(path).await.unwrap().version();
        self.store.beneath().write(path, data, version).await.unwrap();
    }

    async fn index(&self) -> JsonObject {
        self.store.beneath().read(layout::INDEX).await.unwrap().data().unwrap().clone()
    }

    async fn entry(&self, number: usize) -> JsonObject {
        object(self.index().await.raw(&id(number)).unwrap_or_else(|| panic!("no entry {number}")).get())
    }

    /// The index with another entry.
    async fn with_entry(&self, number: usize, change: impl FnOnce(&mut JsonObject)) -> JsonObject {
        let (mut index, mut entry) = (self.index().await, self.entry(number).await);
        change(&mut entry);
        index.set_value(id(number), &entry);
        index
    }

    async fn change_entry(&self, number: usize, change: impl FnOnce(&mut JsonObject)) {
        let index = self.with_entry(number, change).await;
        self.put(layout::INDEX, &index).await;
    }

    /// `-`, `missing` or `stale`, as the entry says.
    async fn says(&self, number: usize) -> &'static str {
        let entry = self.entry(number).await;
        let is = |field: &str| entry.raw(field).is_some_and(|raw| raw.get() == "true");
        match (is("orphaned"), is("stale")) {
            (true, true) => "stale",
            (true, false) => "missing",
            (false, false) => "-",
            (false, true) => "stale without being missing",
        }
    }

    async fn missing(&self) -> usize {
        let index = self.index().await;
        index.iter().filter(|(_, entry)| entry.get().contains(r#""orphaned":true"#)).count()
    }
}

fn codes(report: &RunReport) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

fn message(report: &RunReport, code: &str) -> String {
    let found = report.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("no {code} in {:?}", report.findings)).message.clone()
}
