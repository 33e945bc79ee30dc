//! A Director from the demo fleet that says of events and VMs what a test
//! tells it to, and notes how often it was asked.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::DateTime;
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::model::{DeploymentName, DeploymentSummary};
use reconciler_core::ports::{
    Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
    PortError, PortErrorKind,
};

/// What is told, and what was asked.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) fleet: FleetFolder,
    told: Mutex<Says>,
}

#[derive(Debug, Default)]
struct Says {
    events: Option<Vec<DirectorEvent>>,
    events_asked: usize,
    vms: BTreeMap<String, Option<Vec<DirectorInstance>>>,
    vms_asked: usize,
}

impl Told {
    pub(super) fn of(fleet: FleetFolder) -> Self {
        let told = Mutex::new(Says { events: Some(Vec::new()), ..Says::default() });
        Self { fleet, told }
    }

    /// Tells when a deployment was created, in the words of events.
    pub(super) fn created(&self, deployment: &str, seconds: i64) {
        let event = DirectorEvent {
            id: 7,
            at: DateTime::from_timestamp(seconds, 0).unwrap(),
            user: "blacksmith".to_owned(),
            action: "create".to_owned(),
            object_type: "deployment".to_owned(),
            object_name: deployment.to_owned(),
            deployment: Some(deployment.to_owned()),
            task: Some("12".to_owned()),
            error: None,
        };
        self.told.lock().unwrap().events = Some(vec![event]);
    }

    /// Events cannot be read.
    pub(super) fn loses_events(&self) {
        self.told.lock().unwrap().events = None;
    }

    /// How many requests for events there were since the last call.
    pub(super) fn events_asked(&self) -> usize {
        std::mem::take(&mut self.told.lock().unwrap().events_asked)
    }

    /// Tells the VMs of a deployment; of nothing, that they cannot be read.
    pub(super) fn has_vms(&self, deployment: &str, vms: Option<Vec<DirectorInstance>>) {
        self.told.lock().unwrap().vms.insert(deployment.to_owned(), vms);
    }

    /// How many requests for VMs there were since the last call.
    pub(super) fn vms_asked(&self) -> usize {
        std::mem::take(&mut self.told.lock().unwrap().vms_asked)
    }
}

fn lost(operation: &'static str, subject: &str) -> PortError {
    PortError::new(PortErrorKind::Transient, operation, subject, "planned by the test")
}

#[async_trait]
impl Director for Told {
    async fn info(&self) -> Result<DirectorInfo, PortError> {
        self.fleet.info().await
    }

    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError> {
        self.fleet.deployments().await
    }

    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError> {
        self.fleet.manifest(name).await
    }

    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError> {
        self.fleet.tasks_in_flight().await
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError> {
        let mut told = self.told.lock().unwrap();
        told.events_asked += 1;
        let events = told.events.clone().ok_or_else(|| lost("read events of", "the Director"))?;
        let older = |event: &DirectorEvent| query.before_id.is_none_or(|before| event.id < before);
        Ok(events.into_iter().filter(older).collect())
    }

    async fn instances(&self, name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError> {
        let mut told = self.told.lock().unwrap();
        told.vms_asked += 1;
        let vms = told.vms.get(name.as_str()).cloned().unwrap_or_else(|| Some(Vec::new()));
        vms.ok_or_else(|| lost("read the instances of", name.as_str()))
    }

    fn address(&self) -> String {
        self.fleet.address()
    }
}
