//! A crash after any single request of a run, before or after it took effect:
//! the next run brings records, index and archives to where no crash would have
//! left them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, SecretStore, Slot, StoreAddress, Version};
use tokio::sync::Notify;

use super::Start;
use super::books::Books;
use super::outcome::Undisturbed;

/// A store whose `last`th request never returns: nobody is there any more to
/// hear of it.
#[derive(Debug)]
struct CrashingStore {
    store: Arc<dyn SecretStore>,
    requests: AtomicU64,
    last: u64,
    /// Whether the last request takes effect.
    commits: bool,
    crashed: Notify,
}

impl CrashingStore {
    fn new(store: Arc<dyn SecretStore>, last: u64, commits: bool) -> Self {
        Self { store, requests: AtomicU64::new(0), last, commits, crashed: Notify::new() }
    }

    async fn pass<T>(&self, work: impl Future<Output = T>) -> T {
        let request = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        if request < self.last {
            return work.await;
        }
        if request == self.last {
            if self.commits {
                work.await;
            }
            self.crashed.notify_one();
        }
        std::future::pending().await
    }
}

#[async_trait]
impl SecretStore for CrashingStore {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.pass(self.store.read(path)).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        self.pass(self.store.write(path, data, expected)).await
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.pass(self.store.list(path)).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        self.pass(self.store.delete(path)).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        self.pass(self.store.purge(path)).await
    }

    fn address(&self) -> StoreAddress {
        self.store.address()
    }
}

/// The undisturbed course, and how many requests its run makes.
async fn undisturbed(start: &Start, concurrency: usize) -> (Undisturbed, u64) {
    let store = CrashingStore::new(start.books.in_memory().await, u64::MAX, false);
    let mut bench = start.bench().await;
    bench.concurrency = concurrency;
    assert!(bench.run(&store, 1).await.unwrap().complete);
    let requests = store.requests.load(Ordering::SeqCst);
    (Undisturbed { before: start.books.clone(), after: Books::of(store.store.as_ref()).await }, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_request_leaves_nothing_that_the_next_run_does_not_finish() {
    let start = Start::new(5).await;
    for concurrency in [1, 5] {
        let (undisturbed, requests) = undisturbed(&start, concurrency).await;
        assert!(requests > 30, "{requests}");
        // With several instances in hand at once, the order is another one in
        // every run: some of them will do.
        let step = if concurrency == 1 { 1 } else { 4 };
        let last_ones = (1..=requests).step_by(step);
        for (last, commits) in last_ones.flat_map(|last| [(last, false), (last, true)]) {
            let scenario = format!("request {last}, commits: {commits}, {concurrency} at once");
            let store: Arc<dyn SecretStore> = start.books.in_memory().await;
            let mut bench = start.bench().await;
            bench.concurrency = concurrency;
            let crashing = CrashingStore::new(Arc::clone(&store), last, commits);
            tokio::select! {
                () = crashing.crashed.notified() => {}
                outcome = bench.run(&crashing, 1) => panic!("{scenario}: it ended: {outcome:?}"),
            }
            let now = Books::of(store.as_ref()).await;
            undisturbed.nothing_is_lost(&now, &scenario);

            let report = bench.run(store.as_ref(), 2).await.unwrap();
            undisturbed.is_the_same_end(&report, &Books::of(store.as_ref()).await, &scenario);
            let report = bench.run_with(store.as_ref(), 3, |run| run.options.full = true).await.unwrap();
            assert_eq!(report.counts.writes, 0, "{scenario}: {:?}", report.changes);
        }
    }
}
