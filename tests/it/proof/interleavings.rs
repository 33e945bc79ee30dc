//! The broker writes while a run is under way, at any request, as it does: the
//! whole index read and written back without a check of versions, records
//! written blindly. Nothing that it wrote is lost by us, and what its writes
//! take from us the next runs restore.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, SecretStore, Slot, StoreAddress, Version};
use reconciler_tests::provisioned::Provisioned;
use serde_json::{Value, json};

use super::Start;
use super::books::Books;

/// The instances there are when the run begins; more are provisioned meanwhile.
const INSTANCES: usize = 3;

/// What the broker does.
#[derive(Debug, Clone, Copy)]
enum Act {
    /// Makes an instance that nobody has heard of.
    Provision(usize),
    /// Takes new parameters for an instance.
    Update(usize),
    /// Is asked to delete an instance, and takes it out of the index.
    Deprovision(usize),
    /// Only notes that it was asked to.
    RequestDeprovision(usize),
    /// The VM monitor notes how the VMs are.
    Monitor(usize),
    /// The VM monitor was answered 404 once.
    CallDeleted(usize),
}

/// One request of the broker.
#[derive(Debug, Clone)]
enum Step {
    /// Reads the whole index.
    ReadIndex,
    /// Sets fields of an entry in what was read, and writes all of it back.
    SetEntry(String, Value),
    /// Takes an entry out of what was read, and writes the rest back.
    RemoveEntry(String),
    /// Reads the metadata, …
    ReadMetadata(String),
    /// … adds to the history and sets fields, and writes it back.
    Note(String, Value, Value),
    /// Writes a secret blindly.
    Put(String, Value),
}

impl Act {
    fn steps(self) -> Vec<Step> {
        let (Self::Provision(number)
        | Self::Update(number)
        | Self::Deprovision(number)
        | Self::RequestDeprovision(number)
        | Self::Monitor(number)
        | Self::CallDeleted(number)) = self;
        let instance = Provisioned::new(number);
        let id = instance.id().to_string();
        let set = |fields: Value| [Step::ReadIndex, Step::SetEntry(id.clone(), fields)];
        let note = |action: &str, fields: Value| {
            let event = json!({"timestamp": 1_800_000_001, "action": action, "description": "by the broker"});
            [Step::ReadMetadata(id.clone()), Step::Note(id.clone(), event, fields)]
        };
        let mut steps = Vec::new();
        match self {
            Self::Provision(_) => {
                let mut entry = instance.entry();
                entry["status"] = json!("request_received");
                steps.extend(set(entry));
                steps
                    .extend(instance.secrets().into_iter().take(3).map(|(path, data)| Step::Put(path, data)));
                steps.extend(set(json!({"status": "provisioning_started"})));
                steps.extend(note("provision_started", json!({})));
                steps.push(Step::Put(format!("{id}/credentials"), json!({"password": "fresh"})));
            }
            Self::Update(_) => {
                let mut root = instance.root();
                root["parameters"] = json!({"maxmemory": 512, "asked": "just now"});
                steps.push(Step::Put(id.clone(), root));
                steps.push(Step::Put(format!("{id}/deployment"), instance.root()));
                steps.extend(set(json!({"updated_by_broker": true})));
                let stored = json!({"manifest": instance.manifest(), "stored_at": "2027-01-15T08:00:00Z"});
                steps.push(Step::Put(format!("{id}/manifest"), stored));
                steps.extend(note("update_completed", json!({})));
            }
            Self::RequestDeprovision(_) | Self::Deprovision(_) => {
                let at = json!("2027-01-15T08:00:00Z");
                steps.extend(note("deprovision_requested", json!({"delete_requested_at": at})));
                steps.extend(set(json!({"status": "deprovision_requested", "deprovision_requested_at": at})));
                if matches!(self, Self::Deprovision(_)) {
                    steps.extend([Step::ReadIndex, Step::RemoveEntry(id.clone())]);
                    steps.extend(note("deprovision_completed", json!({"deleted_at": at})));
                }
            }
            Self::Monitor(_) => {
                let status = json!({"status": "running", "vm_count": 1, "last_updated": 1_800_000_002});
                steps.push(Step::Put(format!("{id}/vm_status"), status));
            }
            Self::CallDeleted(_) => {
                let why = json!({"status": "deleted", "deleted_by": "vm-monitor", "deleted_at": "2027-01-15T08:00:00Z"});
                steps.extend(set(why));
            }
        }
        steps
    }
}

/// The broker: what it still has to do and before which request of ours, what
/// it has read, and what it wrote.
#[derive(Debug, Default)]
struct Broker {
    steps: VecDeque<(usize, Step)>,
    read: Value,
    wrote: BTreeMap<String, Value>,
    removed: BTreeSet<String>,
    events: Vec<(String, Value)>,
}

impl Broker {
    async fn make(&mut self, store: &dyn SecretStore, step: Step) {
        match step {
            Step::ReadIndex => self.read = data(store, "db").await,
            Step::SetEntry(id, fields) => {
                let mut index = self.read.clone();
                if !index[&id].is_object() {
                    index[&id] = json!({});
                }
                for (field, value) in fields.as_object().unwrap() {
                    index[&id][field] = value.clone();
                }
                self.removed.remove(&id);
                self.write(store, "db", index).await;
            }
            Step::RemoveEntry(id) => {
                let mut index = self.read.clone();
                index.as_object_mut().unwrap().remove(&id);
                self.removed.insert(id);
                self.write(store, "db", index).await;
            }
            Step::ReadMetadata(id) => self.read = data(store, &format!("{id}/metadata")).await,
            Step::Note(id, event, fields) => {
                let mut metadata = self.read.clone();
                if !metadata.is_object() {
                    metadata = json!({"created_at": "2027-01-15T08:00:00Z"});
                }
                if !metadata["history"].is_array() {
                    metadata["history"] = json!([]);
                }
                metadata["history"].as_array_mut().unwrap().push(event.clone());
                for (field, value) in fields.as_object().unwrap() {
                    metadata[field] = value.clone();
                }
                let path = format!("{id}/metadata");
                self.events.retain(|(at, other)| {
                    *at != path || metadata["history"].as_array().unwrap().contains(other)
                });
                self.events.push((path.clone(), event));
                self.write(store, &path, metadata).await;
            }
            Step::Put(path, data) => self.write(store, &path, data).await,
        }
    }

    async fn write(&mut self, store: &dyn SecretStore, path: &str, data: Value) {
        let object = JsonObject::parse(&data.to_string()).unwrap();
        let version = store.read(path).await.unwrap().version();
        store.write(path, &object, version).await.unwrap();
        self.wrote.insert(path.to_owned(), data);
    }
}

async fn data(store: &dyn SecretStore, path: &str) -> Value {
    let slot = store.read(path).await.unwrap();
    slot.data().map_or(Value::Null, |data| serde_json::from_str(&data.to_text()).unwrap())
}

/// A store where the broker's requests come in between.
#[derive(Debug)]
struct Shared {
    store: Arc<dyn SecretStore>,
    requests: Mutex<usize>,
    broker: tokio::sync::Mutex<Broker>,
}

impl Shared {
    /// The broker makes all that is due before the next request of ours.
    async fn before_a_request(&self) {
        let request = {
            let mut requests = self.requests.lock().unwrap();
            *requests += 1;
            *requests
        };
        self.until(request).await;
    }

    async fn until(&self, request: usize) {
        let mut broker = self.broker.lock().await;
        while broker.steps.front().is_some_and(|(due, _)| *due <= request) {
            let (_, step) = broker.steps.pop_front().expect("it was just seen");
            broker.make(self.store.as_ref(), step).await;
        }
    }
}

#[async_trait]
impl SecretStore for Shared {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.before_a_request().await;
        self.store.read(path).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        self.before_a_request().await;
        self.store.write(path, data, expected).await
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.before_a_request().await;
        self.store.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        self.before_a_request().await;
        self.store.delete(path).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        self.before_a_request().await;
        self.store.purge(path).await
    }

    fn address(&self) -> StoreAddress {
        self.store.address()
    }
}

/// The fields that we may set in what the broker wrote; every other one is as
/// the broker left it.
fn is_ours(path: &str, field: &str) -> bool {
    let ours: &[&str] = match path.rsplit('/').next() {
        Some("db") => &[
            "deployment_name",
            "reconciled",
            "reconciled_at",
            "reconciled_by",
            "updated_at",
            "discovered_at",
            // Healed, as the deployment is there.
            "status",
            "deleted_by",
            "deleted_at",
        ],
        Some("manifest") => &["manifest", "updated_at", "reconciled", "reconciled_by"],
        Some("metadata") => &[
            "deployment_name",
            "service_name",
            "plan_name",
            "releases",
            "stemcells",
            "teams",
            "match_confidence",
            "match_reason",
            "match_chain",
            "reconciled_at",
            "manifest_sha256",
            "history",
        ],
        _ => &["service_name", "plan_name", "plan", "reconciled", "reconciled_at", "last_synced_at"],
    };
    ours.contains(&field) || field.starts_with("reconciler_")
}

/// Where something that the broker wrote is not there any more.
fn lost(broker: &Broker, books: &Books) -> Vec<String> {
    let mut lost = Vec::new();
    let mut compare = |path: &str, at: &str, wrote: &Value, there: &Value| {
        let Some(fields) = wrote.as_object() else {
            if wrote != there {
                lost.push(at.to_owned());
            }
            return;
        };
        for (field, value) in fields.iter().filter(|(field, _)| !is_ours(path, field)) {
            if there.get(field) != Some(value) {
                lost.push(format!("{at}: {field}"));
            }
        }
    };
    for (path, wrote) in &broker.wrote {
        let there = books.data(path).unwrap_or(&Value::Null);
        if path == "db" {
            for (key, entry) in wrote.as_object().unwrap() {
                compare(path, &format!("db#{key}"), entry, there.get(key).unwrap_or(&Value::Null));
            }
        } else {
            compare(path, path, wrote, there);
        }
    }
    for (path, event) in &broker.events {
        let history = books.data(path).and_then(|metadata| metadata["history"].as_array());
        let times = history.map_or(0, |history| history.iter().filter(|other| *other == event).count());
        // Two acts of a kind leave two events alike.
        let written = broker.events.iter().filter(|(at, other)| at == path && other == event).count();
        if times != written {
            lost.push(format!("{path}: {} is there {times} times instead of {written}", event["action"]));
        }
    }
    let index = books.data("db").unwrap();
    lost.extend(
        broker.removed.iter().filter(|id| index.get(*id).is_some()).map(|id| format!("{id} was made again")),
    );
    lost
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
    let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
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
    let broker = tokio::sync::Mutex::new(Broker { steps, ..Broker::default() });
    let shared = Shared { store: Arc::clone(&store), requests: Mutex::default(), broker };
    let mut bench = start.bench().await;
    bench.concurrency = concurrency;
    let report = bench.run(&shared, 1).await.unwrap();
    // What the broker had not done by then it does afterwards.
    shared.until(usize::MAX).await;
    let broker = shared.broker.into_inner();
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
