//! Proof over whole runs: nothing is lost and nothing is doubled, whatever
//! fails, ends or writes in between.

mod books;
mod broker;
mod crashes;
mod faults;
mod interleavings;
mod interposed;
mod losses;
mod memory;
mod newer;
mod outcome;
mod recalled;
mod requests;
mod restores;
mod truth;
mod twice;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reconciler_core::manager::{Reconciler, RunError, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::Catalog;
use reconciler_core::ports::{Director as _, RunState as _, SecretStore};
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::memory_state::MemoryState;
use reconciler_tests::provisioned::{self, Provisioned};
use reconciler_tests::still_director::StillDirector;
use reconciler_tests::vault::HandClock;
use serde_json::{Value, json};

use self::books::Books;

/// The times of runs: the first one prepares, the next ones are what is tested.
/// They are too near to each other for anything to grow old.
fn time_of_run(run: usize) -> DateTime<Utc> {
    let run = i64::try_from(run).unwrap();
    DateTime::from_timestamp(1_800_000_000 + 600 * run, 0).unwrap()
}

/// A Director, what decides about its deployments, and what is remembered.
struct Bench {
    director: StillDirector,
    state: MemoryState,
    catalog: Arc<Catalog>,
    engine: Arc<MatchEngine>,
    concurrency: usize,
}

impl Bench {
    /// One deployment after the other, so that requests come in one order.
    async fn new(director: StillDirector) -> Self {
        let uuid = director.info().await.unwrap().uuid;
        Self {
            director,
            state: MemoryState::new(&uuid),
            catalog: Arc::new(provisioned::catalog()),
            engine: Arc::new(MatchEngine::builder().with_registered().unwrap().build().unwrap()),
            concurrency: 1,
        }
    }

    /// The `number`th run.
    async fn run(&self, store: &dyn SecretStore, number: usize) -> Result<RunReport, RunError> {
        self.run_with(store, number, |_| {}).await
    }

    async fn run_with(
        &self,
        store: &dyn SecretStore,
        number: usize,
        change: impl FnOnce(&mut Reconciler<'_>),
    ) -> Result<RunReport, RunError> {
        let clock = HandClock::at(time_of_run(number));
        let manifests = ManifestCache::new(Duration::ZERO);
        let (catalog, engine) = (Arc::clone(&self.catalog), Arc::clone(&self.engine));
        let mut run = Reconciler::new(&self.director, store, &manifests, catalog, engine);
        run.clock = &clock;
        run.state = Some(&self.state);
        run.options.concurrency = self.concurrency;
        // The next run makes up for what failed, and nobody waits.
        run.options.retry.attempts = 0;
        change(&mut run);
        run.run().await
    }
}

/// What the broker and others left in Vault before the first run: so many
/// instances, an entry without a deployment, and members that are no entries.
fn left_behind(instances: usize) -> Books {
    let mut books = Books::default();
    let mut index = json!({
        "an-old-note": null,
        "another": ["kept", 1.5],
        "relaxed-tesla": {"service_id": "redis", "plan_id": "redis-small", "created": 1_700_000_000},
    });
    for number in 0..instances {
        let instance = Provisioned::new(number);
        index[instance.id().as_str()] = instance.entry();
        instance.secrets().into_iter().for_each(|(path, data)| books.put(&path, data));
    }
    books.put("db", index);
    books
}

/// A fleet in which a run has something of each kind to do: instance 0 is new to
/// us, 1 was written by an earlier run and has changed since, 2 has neither an
/// entry nor a record, 3 and the following are new to us too.
struct Start {
    bench: Bench,
    books: Books,
}

impl Start {
    async fn new(instances: usize) -> Self {
        let all = || (0..instances).map(Provisioned::new);
        let bench = Bench::new(StillDirector::with(all())).await;
        let mut books = left_behind(instances);
        let unknown = Provisioned::new(2);
        books.remove_below(unknown.id().as_str());
        let mut index: Value = books.data("db").unwrap().clone();
        index.as_object_mut().unwrap().remove(unknown.id().as_str());
        books.put("db", index);

        let store = books.in_memory().await;
        let report = bench.run_with(store.as_ref(), 0, |run| {
            run.options.filter.instance = Some(Provisioned::new(1).id());
        });
        assert!(report.await.unwrap().complete);
        bench.director.deploy(Provisioned { number: 1, updates: 1 });
        let books = Books::of(store.as_ref()).await;
        Self { bench, books }
    }

    /// What every scenario begins with: a memory of its own.
    async fn bench(&self) -> Bench {
        let (catalog, engine) = (Arc::clone(&self.bench.catalog), Arc::clone(&self.bench.engine));
        let director = self.bench.director.copy();
        let uuid = director.info().await.unwrap().uuid;
        let state = MemoryState::new(&uuid);
        state.set_index_size(self.books.data("db").unwrap().as_object().unwrap().len() as u64).unwrap();
        state.set_last_full_verification(time_of_run(0)).unwrap();
        Bench { director, state, catalog, engine, concurrency: 1 }
    }
}
