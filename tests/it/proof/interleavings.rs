//! The broker writes while a run is under way, at any request, as it does: the
//! whole index read and written back without a check of versions, records
//! written blindly. Nothing that it wrote is lost by us, and what its writes
//! take from us the next runs restore.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reconciler_core::ports::SecretStore;
use reconciler_tests::provisioned::Provisioned;

use super::Start;
use super::books::Books;
use super::broker::{Act, Broker, lost};
use super::interposed::{Interposed, Interposer};

/// The instances there are when the run begins; more are provisioned meanwhile.
const INSTANCES: usize = 3;

/// The broker, who makes all that is due before a request of ours.
#[derive(Debug)]
struct Comes(tokio::sync::Mutex<Broker>);

#[async_trait]
impl Interposer for Comes {
    async fn before(&self, request: usize, store: &dyn SecretStore) {
        let mut broker = self.0.lock().await;
        while broker.steps.front().is_some_and(|(due, _)| *due <= request) {
            let (_, step) = broker.steps.pop_front().expect("it was just seen");
            broker.make(store, step).await;
        }
    }
}

/// Acts of the broker, each with where it begins and how far its requests are
/// apart, in requests of ours.
fn acts() -> impl Strategy<Value = Vec<(Act, usize, Vec<usize>)>> {
    let known = 0..INSTANCES;
    // What the broker does not know it does not delete.
    let indexed = 0..INSTANCES - 1;
    let act = prop_oneof![
        2 => (INSTANCES..INSTANCES + 2).prop_map(Act::Provision),
        4 => known.clone().prop_map(Act::Update),
        2 => indexed.clone().prop_map(Act::ChangePlan),
        2 => indexed.clone().prop_map(Act::Deprovision),
        1 => indexed.clone().prop_map(Act::RequestDeprovision),
        1 => known.prop_map(Act::Monitor),
        2 => indexed.prop_map(Act::CallDeleted),
    ];
    let gaps = prop::collection::vec(prop_oneof![3 => Just(0usize), 3 => Just(1), 2 => 2usize..6], 12);
    prop::collection::vec((act, 0usize..30, gaps), 1..4)
}

#[test]
fn nothing_that_the_broker_writes_during_a_run_is_lost_and_what_it_takes_is_restored() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let start = runtime.block_on(Start::new(INSTANCES));
    let config = Config { cases: 160, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&(acts(), prop_oneof![Just(1usize), Just(4)]), |(acts, concurrency)| {
        runtime.block_on(interleave(&start, &acts, concurrency))
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

async fn interleave(
    start: &Start,
    acts: &[(Act, usize, Vec<usize>)],
    concurrency: usize,
) -> Result<(), TestCaseError> {
    let mut steps = VecDeque::new();
    let mut due = 0;
    for (act, begins, gaps) in acts {
        due = due.max(*begins);
        for (step, gap) in act.steps().into_iter().zip(gaps.iter().cycle()) {
            due += gap;
            steps.push_back((due, step));
        }
    }
    let store: Arc<dyn SecretStore> = start.books.in_memory().await;
    let mut bench = start.bench().await;
    bench.concurrency = concurrency;
    let broker = Broker::about_to(steps, bench.director.clone());
    let shared = Interposed::new(&store, Comes(tokio::sync::Mutex::new(broker)));
    let report = bench.run(&shared, 1).await.unwrap();
    // What the broker had not done by then it does afterwards.
    shared.by.before(usize::MAX, store.as_ref()).await;
    let broker = shared.by.0.into_inner();
    let books = Books::of(store.as_ref()).await;
    prop_assert_eq!(lost(&broker, &books), [] as [String; 0], "after the run: {:?}", report.findings);

    let next = bench.run(store.as_ref(), 2).await.unwrap();
    prop_assert!(next.complete, "{:?}", next.failures);
    let books = Books::of(store.as_ref()).await;
    prop_assert_eq!(lost(&broker, &books), [] as [String; 0], "after the next run");
    // The index is right at once; of records that the index vouches for, the
    // run that reads all of them finds out.
    let alive = |number: &usize| !broker.removed.contains(Provisioned::new(*number).id().as_str());
    for instance in (0..INSTANCES).filter(alive).map(Provisioned::new) {
        let entry = &books.data("db").unwrap()[instance.id().as_str()];
        let right = entry["deployment_name"] == instance.deployment() && entry["status"] != "deleted";
        prop_assert!(right || !next.findings.is_empty(), "{entry}");
    }
    let full = bench.run_with(store.as_ref(), 3, |run| run.options.full = true).await.unwrap();
    prop_assert!(full.complete, "{:?}", full.failures);
    let books = Books::of(store.as_ref()).await;
    prop_assert_eq!(lost(&broker, &books), [] as [String; 0], "after a full run");
    let skipped: BTreeSet<&str> = full.findings.iter().map(|finding| finding.subject.as_str()).collect();
    for instance in (0..INSTANCES).filter(alive).map(Provisioned::new) {
        let told =
            skipped.contains(instance.deployment().as_str()) || skipped.contains(instance.id().as_str());
        let root = books.data(instance.id().as_str()).unwrap();
        prop_assert!(told || root["reconciled"] == true, "{root}");
    }
    let again = bench.run_with(store.as_ref(), 4, |run| run.options.full = true).await.unwrap();
    prop_assert_eq!(again.counts.writes, 0, "{:?}", again.changes);
    Ok(())
}
