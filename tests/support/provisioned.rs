//! Instances as the broker leaves them behind: their secrets in Vault, their
//! entries in the index, and the manifests that the Director holds.

use reconciler_core::model::{Catalog, InstanceId, Plan, PlanId, Service, ServiceId};
use serde_json::{Value, json};

use crate::synthetic;

/// When the broker was asked for all of them, in RFC 3339.
const REQUESTED: &str = "2025-06-01T08:30:00Z";
/// The same in seconds.
const REQUESTED_SECOND: i64 = 1_748_766_600;

/// An instance of the plan `redis-small`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provisioned {
    /// Which one.
    pub number: usize,
    /// How often it was updated: its manifest differs each time.
    pub updates: usize,
}

impl Provisioned {
    /// The instance of a number, not updated yet.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self { number, updates: 0 }
    }

    /// Its id.
    #[must_use]
    pub fn id(self) -> InstanceId {
        synthetic::instance(self.number)
    }

    /// The name of its deployment.
    #[must_use]
    pub fn deployment(self) -> String {
        format!("redis-small-{}", self.id())
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(self) -> String {
        format!(
            "instance_groups: []\nmeta:\n  params:\n    instance_id: {}\n    updates: {}\n  password: not-a-real-one\n\
             name: {}\n",
            self.id(),
            self.updates,
            self.deployment()
        )
    }

    /// Its entry in the index after provisioning.
    #[must_use]
    pub fn entry(self) -> Value {
        json!({
            "created": REQUESTED_SECOND,
            "created_at": REQUESTED,
            "instance_name": format!("cache-{}", self.number),
            "organization_guid": "org-guid",
            "organization_name": "org",
            "plan_id": "redis-small",
            "platform": "cloudfoundry",
            "requested_at": REQUESTED,
            "service_id": "redis",
            "space_guid": "space-guid",
            "space_name": "space",
            "status": "provisioning_started",
        })
    }

    /// Its own record.
    #[must_use]
    pub fn root(self) -> Value {
        json!({
            "context": {"platform": "cloudfoundry", "instance_name": format!("cache-{}", self.number)},
            "deployment_name": self.deployment(),
            "instance_id": self.id().as_str(),
            "instance_name": format!("cache-{}", self.number),
            "organization_guid": "org-guid",
            "organization_name": "org",
            "parameters": {"maxmemory": 256 + self.updates},
            "plan_id": "redis-small",
            "platform": "cloudfoundry",
            "requested_at": REQUESTED,
            "service_id": "redis",
            "space_guid": "space-guid",
            "space_name": "space",
        })
    }

    /// Its metadata with the history of its provisioning.
    #[must_use]
    pub fn metadata(self) -> Value {
        let event = |seconds: i64, action: &str, description: &str| json!({"timestamp": REQUESTED_SECOND + seconds, "action": action, "description": description});
        json!({
            "created_at": REQUESTED,
            "history": [
                event(0, "provision_requested", "Service instance provisioning requested"),
                event(60, "provision_completed", "Service instance provisioning completed"),
            ],
        })
    }

    /// All its secrets, by path: its record and eight leaves.
    #[must_use]
    pub fn secrets(self) -> Vec<(String, Value)> {
        let (id, name) = (self.id(), self.deployment());
        let root = self.root();
        let mut request = root.clone();
        for field in ["context", "parameters"] {
            request.as_object_mut().map(|request| request.remove(field));
        }
        let details =
            json!({"details": {"plan_id": "redis-small", "service_id": "redis", "context": root["context"]}});
        vec![
            (id.to_string(), root),
            (format!("{id}/deployment"), request),
            (format!("{id}/{name}"), details),
            (format!("{id}/manifest"), json!({"manifest": self.manifest(), "stored_at": REQUESTED})),
            (format!("{id}/metadata"), self.metadata()),
            (
                format!("{id}/credentials"),
                json!({"host": "10.0.0.7", "password": "not-a-real-one", "port": 6379}),
            ),
            (format!("{id}/init"), json!({"script": "#!/bin/sh\n", "executed_at": REQUESTED})),
            (format!("{id}/plans/sha256"), json!({"credentials": "00", "init": "01", "manifest": "02"})),
            (
                format!("{id}/task"),
                json!({"action": "provision", "task": 7, "state": "done", "updated_at": 1}),
            ),
        ]
    }
}

/// The catalog that has their plan.
///
/// # Panics
/// Never: its ids are valid and unique.
#[must_use]
pub fn catalog() -> Catalog {
    let service = ServiceId::new("redis").expect("a valid name");
    let plan = Plan {
        id: PlanId::new("redis-small").expect("a valid name"),
        name: "small".into(),
        service: service.clone(),
        topology: None,
    };
    Catalog::new(vec![Service { name: "redis".into(), id: service, plans: vec![plan] }])
        .expect("ids are unique")
}
