//! The broker as it writes: the whole index read and written back without a check
//! of versions, records written blindly; and what must be there of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reconciler_core::model::JsonObject;
use reconciler_core::ports::SecretStore;
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use serde_json::{Value, json};

use super::books::Books;

/// What the broker does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// Makes an instance that nobody has heard of.
    Provision(usize),
    /// Takes new parameters for an instance.
    Update(usize),
    /// Takes another plan for an instance; its deployment is still of the old one.
    ChangePlan(usize),
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
pub(super) enum Step {
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
    /// Asks the Director to deploy an instance, …
    Begin(Provisioned),
    /// … which has done so.
    Deployed(Provisioned),
}

impl Act {
    pub(super) fn steps(self) -> Vec<Step> {
        let (Self::Provision(number)
        | Self::Update(number)
        | Self::ChangePlan(number)
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
                steps.extend(set(json!({"updated_by_broker": true, "plan_id": "redis-small"})));
                let updated = Provisioned { updates: 2, ..instance };
                let stored = json!({"manifest": updated.manifest(), "stored_at": "2027-01-15T08:10:00Z"});
                steps.push(Step::Put(format!("{id}/manifest"), stored));
                steps.extend([Step::Begin(updated), Step::Deployed(updated)]);
                steps.extend(note("update_completed", json!({})));
            }
            Self::ChangePlan(_) => {
                let plan = json!("redis-large");
                let mut root = instance.root();
                root["plan_id"] = plan.clone();
                steps.push(Step::Put(format!("{id}/deployment"), root.clone()));
                steps.push(Step::Put(id.clone(), root));
                steps.extend(set(json!({"plan_id": plan})));
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
pub(super) struct Broker {
    pub(super) steps: VecDeque<(usize, Step)>,
    read: Value,
    wrote: BTreeMap<String, Value>,
    pub(super) removed: BTreeSet<String>,
    events: Vec<(String, Value)>,
    director: StillDirector,
}

impl Broker {
    /// One that has still to do these steps, each before a request of ours.
    pub(super) fn about_to(steps: VecDeque<(usize, Step)>, director: StillDirector) -> Self {
        Self { steps, director, ..Self::default() }
    }

    pub(super) async fn make(&mut self, store: &dyn SecretStore, step: Step) {
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
            Step::Begin(instance) => self.director.begin(instance),
            Step::Deployed(instance) => self.director.deploy(instance),
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
        ],
        // The broker stores what it deploys, so that ours is the same.
        Some("manifest") => &["updated_at", "reconciled", "reconciled_by"],
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

/// Whether a field heals, as the deployment is there: only if a monitor called
/// it deleted, and not what the broker noted since.
fn may_heal(wrote: &Value, field: &str) -> bool {
    let is_hasty = wrote["status"] == "deleted" && wrote["deleted_by"] == "vm-monitor";
    is_hasty && ["status", "deleted_by", "deleted_at"].contains(&field)
}

/// Where something that the broker wrote is not there any more.
pub(super) fn lost(broker: &Broker, books: &Books) -> Vec<String> {
    let mut lost = Vec::new();
    let mut compare = |path: &str, at: &str, wrote: &Value, there: &Value| {
        let Some(fields) = wrote.as_object() else {
            if wrote != there {
                lost.push(at.to_owned());
            }
            return;
        };
        let must_stay = |field: &str| !(is_ours(path, field) || path == "db" && may_heal(wrote, field));
        for (field, value) in fields.iter().filter(|(field, _)| must_stay(field)) {
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
