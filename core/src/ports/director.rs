//! What is read from a BOSH Director. No method writes: the reconciler cannot
//! change a deployment, nor start a task.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::PortError;
use crate::model::{DeploymentName, DeploymentSummary};

/// What the Director says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorInfo {
    /// Its name, for people.
    pub name: String,
    /// Its UUID: another UUID is another Director, whatever the address.
    pub uuid: String,
    /// Its version as it spells it.
    pub version: String,
    /// How it authenticates: `basic` or `uaa`.
    pub authentication: String,
    /// What the credentials in use may do, where that can be known.
    pub scopes: Option<Vec<String>>,
    /// How far its clock was ahead of ours when it answered, exact to a second;
    /// `None` where it has no clock, as a folder.
    pub clock_ahead: Option<TimeDelta>,
}

/// The Director's answer to a request for one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestAnswer {
    /// The manifest as it was received.
    Found(Arc<[u8]>),
    /// The deployment is there and has no manifest yet: it is being created.
    Null,
    /// The Director itself says that the deployment does not exist (404 with
    /// its own code 70000). Nothing else means this.
    Gone,
}

/// A task that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorTask {
    /// Its number.
    pub id: u64,
    /// `queued`, `processing` or `cancelling`.
    pub state: String,
    /// The deployment it works on, if it works on one.
    pub deployment: Option<String>,
    /// What it does, in the Director's words.
    pub description: String,
}

/// Which events to read, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only of this deployment.
    pub deployment: Option<DeploymentName>,
    /// Only of objects of this type, such as `deployment`.
    pub object_type: Option<String>,
    /// Only events with a smaller number, for the next page.
    pub before_id: Option<u64>,
}

/// Something that happened on the Director.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorEvent {
    /// Its number; it grows.
    pub id: u64,
    /// When it happened, by the Director's clock.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub user: String,
    /// `create`, `update`, `delete`, ….
    pub action: String,
    /// What kind of object it happened to.
    pub object_type: String,
    /// The name of that object.
    pub object_name: String,
    /// The deployment it belongs to.
    pub deployment: Option<String>,
    /// The task it belongs to.
    pub task: Option<String>,
    /// The error it ended with.
    pub error: Option<String>,
}

/// A VM of a deployment, from the plain list that starts no task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorInstance {
    /// The instance group.
    pub group: String,
    /// The instance's id, where the Director gives one.
    pub id: Option<String>,
    /// Its index in the group, where the Director gives one.
    pub index: Option<u64>,
    /// Its availability zone.
    pub az: Option<String>,
    /// The id of its VM in the cloud.
    pub vm_cid: Option<String>,
    /// Its addresses.
    pub ips: Vec<String>,
    /// Further fields, as text.
    pub other: BTreeMap<String, String>,
}

/// One BOSH Director, read only.
#[async_trait]
pub trait Director: fmt::Debug + Send + Sync {
    /// What the Director says about itself.
    ///
    /// # Errors
    /// If it cannot be reached or its answer cannot be understood.
    async fn info(&self) -> Result<DirectorInfo, PortError>;

    /// All deployments that the credentials in use may see.
    ///
    /// # Errors
    /// If the list cannot be read as a whole; there is no partial list.
    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError>;

    /// The manifest of one deployment.
    ///
    /// # Errors
    /// If it cannot be told whether there is one.
    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError>;

    /// The tasks that are not finished, of all deployments.
    ///
    /// # Errors
    /// If the list cannot be read.
    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError>;

    /// One page of events, newest first; an empty page is the end.
    ///
    /// # Errors
    /// If the page cannot be read.
    async fn events(&self, query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError>;

    /// The VMs of one deployment.
    ///
    /// # Errors
    /// If the list cannot be read.
    async fn instances(&self, name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError>;

    /// Where this Director is, for people: an address or a folder, no secret.
    fn address(&self) -> String;

    /// Where the manifest of a deployment is, for people who have to mend it.
    fn manifest_place(&self, name: &DeploymentName) -> String {
        format!("manifest of {name}")
    }
}
