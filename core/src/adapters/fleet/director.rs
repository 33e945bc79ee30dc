//! A fleet's folder as a Director that never changes.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone, Utc};
use serde::Deserialize;

use super::super::SourceError;
use super::super::source_file::read_text;
use super::FleetFolder;
use crate::model::{DeploymentName, DeploymentSummary};
use crate::ports::{
    Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
    PortError, PortErrorKind,
};

/// How many events a Director gives at once.
const EVENTS_A_PAGE: usize = 200;

#[derive(Deserialize)]
struct WireEvent {
    id: String,
    timestamp: i64,
    #[serde(default)]
    user: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    object_type: String,
    #[serde(default)]
    object_name: String,
    deployment: Option<String>,
    task: Option<String>,
    error: Option<String>,
}

impl WireEvent {
    fn into_event(self) -> Option<DirectorEvent> {
        Some(DirectorEvent {
            id: self.id.parse().ok()?,
            at: timestamp(self.timestamp)?,
            user: self.user,
            action: self.action,
            object_type: self.object_type,
            object_name: self.object_name,
            deployment: self.deployment,
            task: self.task,
            error: self.error,
        })
    }
}

fn timestamp(seconds: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_opt(seconds, 0).single()
}

/// A file of the fleet that cannot be used is our own side's fault.
fn local(operation: &'static str, error: &SourceError) -> PortError {
    let port = PortError::new(PortErrorKind::Local, operation, "", error.to_string());
    match &error.advice {
        Some(advice) => port.with_advice(advice.clone()),
        None => port,
    }
}

fn events(path: &Path) -> Result<Vec<DirectorEvent>, SourceError> {
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(Vec::new());
    }
    let wire: Vec<WireEvent> =
        serde_json::from_str(&read_text(path)?).map_err(|error| SourceError::json(path, &error))?;
    let count = wire.len();
    let events: Vec<DirectorEvent> = wire.into_iter().filter_map(WireEvent::into_event).collect();
    if events.len() < count {
        return Err(SourceError::new(path, "holds an event whose id or time is no number"));
    }
    Ok(events)
}

/// What matters of an instance in the Director's plain list.
#[derive(Deserialize)]
struct WireInstance {
    job: String,
    id: Option<String>,
    index: Option<u64>,
    az: Option<String>,
    cid: Option<String>,
    ips: Option<Vec<String>>,
}

/// No file is not an empty list: what was not saved is not known.
fn instances(path: &Path) -> Result<Vec<DirectorInstance>, SourceError> {
    let save = "save the Director's answer to GET /deployments/:name/instances there";
    let wire: Vec<WireInstance> = serde_json::from_str(&read_text(path).map_err(|error| error.advise(save))?)
        .map_err(|error| SourceError::json(path, &error).advise(save))?;
    let instance = |wire: WireInstance| DirectorInstance {
        group: wire.job,
        id: wire.id,
        index: wire.index,
        az: wire.az,
        vm_cid: wire.cid,
        ips: wire.ips.unwrap_or_default(),
        other: BTreeMap::new(),
    };
    Ok(wire.into_iter().map(instance).collect())
}

#[async_trait]
impl Director for FleetFolder {
    async fn info(&self) -> Result<DirectorInfo, PortError> {
        Ok(DirectorInfo {
            name: self.director_name().to_owned(),
            uuid: self.director_uuid().to_owned(),
            version: self.director_version().to_owned(),
            authentication: "none".to_owned(),
            scopes: None,
            clock_ahead: None,
        })
    }

    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError> {
        Ok(self.summaries().to_vec())
    }

    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError> {
        if let Some(why) = self.unread_because(name) {
            // One deployment's own: the folder itself is as good as before.
            let kind = PortErrorKind::Unsupported;
            let reason = format!("it is not in the capture: {why}");
            return Err(PortError::new(kind, "read the manifest of", name.as_str(), reason));
        }
        // The list is all that is known of this Director: what it lacks is not
        // there.
        if self.summaries().binary_search_by(|summary| summary.name.cmp(name)).is_err() {
            return Ok(ManifestAnswer::Gone);
        }
        match self.manifest_bytes(name) {
            Ok(Some(bytes)) => Ok(ManifestAnswer::Found(bytes.into())),
            Ok(None) => Ok(ManifestAnswer::Null),
            Err(error) => Err(local("read the manifest", &error)),
        }
    }

    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError> {
        Ok(Vec::new())
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError> {
        let all = events(&self.root().join("director/events.json"))
            .map_err(|error| local("read events", &error))?;
        let wanted = |event: &DirectorEvent| {
            let deployment = query.deployment.as_ref().map(|name| name.as_str());
            deployment.is_none_or(|name| event.deployment.as_deref() == Some(name))
                && query.object_type.as_ref().is_none_or(|kind| *kind == event.object_type)
                && query.before_id.is_none_or(|before| event.id < before)
        };
        Ok(all.into_iter().filter(wanted).take(EVENTS_A_PAGE).collect())
    }

    async fn instances(&self, name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError> {
        let file = self.root().join("director/instances").join(format!("{name}.json"));
        instances(&file).map_err(|error| local("read the instances", &error))
    }

    fn address(&self) -> String {
        format!("fleet {}", self.root().display())
    }

    fn manifest_place(&self, name: &DeploymentName) -> String {
        self.manifest_file(name).display().to_string()
    }
}
