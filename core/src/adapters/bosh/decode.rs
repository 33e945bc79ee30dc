//! From the Director's JSON to the port's types, whatever the content type.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::adapters::http::Bytes;
use crate::model::{DeploymentName, DeploymentSummary, ReleaseRef, StemcellRef};
use crate::ports::{DirectorEvent, DirectorInstance, DirectorTask, PortError, PortErrorKind};

/// A string, or a number as it is spelled: versions and ids are now one, now
/// the other, and `1.10` must not become `1.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map(Self).map_err(serde::de::Error::custom),
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => Ok(Self(raw.get().to_owned())),
            _ => Err(serde::de::Error::custom("neither text nor number")),
        }
    }
}

/// Decodes a body. The parser's message may quote a value, so only the place
/// is told; something that is not JSON at all is usually a proxy's page.
pub(super) fn decode<T: DeserializeOwned>(
    body: &Bytes,
    operation: &'static str,
    subject: &str,
) -> Result<T, PortError> {
    serde_json::from_slice(body).map_err(|e| {
        let what = match e.classify() {
            serde_json::error::Category::Data => "the answer is JSON of another shape",
            serde_json::error::Category::Eof => "the answer ends too early",
            _ => "the answer is not JSON",
        };
        let reason = format!("{what} (line {}, column {})", e.line(), e.column());
        malformed(operation, subject, reason)
    })
}

fn malformed(operation: &'static str, subject: &str, reason: impl Into<String>) -> PortError {
    PortError::new(PortErrorKind::Malformed, operation, subject, reason)
        .with_advice("check that the address is the Director's own and not a page in front of it")
}

/// What the Director says about itself.
#[derive(Deserialize)]
pub(super) struct WireInfo {
    #[serde(default)]
    pub(super) name: String,
    pub(super) uuid: String,
    pub(super) version: Text,
    pub(super) user: Option<String>,
    user_authentication: Option<WireAuthentication>,
}

#[derive(Deserialize)]
struct WireAuthentication {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    options: WireOptions,
}

#[derive(Deserialize, Default)]
struct WireOptions {
    url: Option<String>,
    #[serde(default)]
    urls: Option<Vec<String>>,
}

impl WireInfo {
    /// The UAA's addresses in the order to try; `None` if there is no UAA.
    /// Anything but `uaa` is `basic`, as the bosh CLI has it.
    pub(super) fn uaa(&self) -> Option<Vec<&str>> {
        let authentication = self.user_authentication.as_ref()?;
        if authentication.kind != "uaa" {
            return None;
        }
        let options = &authentication.options;
        let mut found: Vec<&str> = Vec::new();
        for url in options.url.iter().chain(options.urls.iter().flatten()) {
            if !url.is_empty() && !found.contains(&url.as_str()) {
                found.push(url);
            }
        }
        Some(found)
    }
}

#[derive(Deserialize)]
struct WireDeployment {
    name: String,
    #[serde(default)]
    releases: Vec<WireVersioned>,
    #[serde(default)]
    stemcells: Vec<WireVersioned>,
    #[serde(default)]
    teams: Vec<Arc<str>>,
    #[serde(default)]
    locked: bool,
}

#[derive(Deserialize)]
struct WireVersioned {
    name: Arc<str>,
    version: Text,
}

pub(super) fn deployments(body: &Bytes) -> Result<Vec<DeploymentSummary>, PortError> {
    const OPERATION: &str = "read the list of deployments";
    let list: Vec<WireDeployment> = decode(body, OPERATION, "")?;
    list.into_iter()
        .map(|wire| {
            let name =
                DeploymentName::new(&wire.name).map_err(|e| malformed(OPERATION, "", e.to_string()))?;
            Ok(DeploymentSummary {
                name,
                releases: wire
                    .releases
                    .into_iter()
                    .map(|release| ReleaseRef { name: release.name, version: release.version.0.into() })
                    .collect(),
                stemcells: wire
                    .stemcells
                    .into_iter()
                    .map(|stemcell| StemcellRef { name: stemcell.name, version: stemcell.version.0.into() })
                    .collect(),
                teams: wire.teams,
                locked: wire.locked,
            })
        })
        .collect()
}

/// A manifest's envelope. The key has to be there: an object without it is the
/// answer to another question.
#[derive(Deserialize)]
struct WireManifest {
    #[serde(deserialize_with = "Option::deserialize")]
    manifest: Option<String>,
}

pub(super) fn manifest(body: &Bytes, name: &str) -> Result<Option<String>, PortError> {
    let wire: WireManifest = decode(body, "read the manifest of", name)?;
    Ok(wire.manifest)
}

#[derive(Deserialize)]
struct WireTask {
    id: Text,
    state: String,
    deployment: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

pub(super) fn tasks(body: &Bytes) -> Result<Vec<DirectorTask>, PortError> {
    const OPERATION: &str = "read the tasks in flight";
    let list: Vec<WireTask> = decode(body, OPERATION, "")?;
    list.into_iter()
        .map(|wire| {
            let id =
                wire.id.as_u64().ok_or_else(|| malformed(OPERATION, "", "a task's id is not a number"))?;
            Ok(DirectorTask {
                id,
                state: wire.state,
                deployment: wire.deployment,
                description: wire.description.unwrap_or_default(),
            })
        })
        .collect()
}

#[derive(Deserialize)]
struct WireEvent {
    id: Text,
    timestamp: Text,
    #[serde(default)]
    user: Option<String>,
    action: String,
    object_type: String,
    #[serde(default)]
    object_name: Option<String>,
    deployment: Option<String>,
    task: Option<Text>,
    error: Option<String>,
}

pub(super) fn events(body: &Bytes) -> Result<Vec<DirectorEvent>, PortError> {
    const OPERATION: &str = "read the events";
    let list: Vec<WireEvent> = decode(body, OPERATION, "")?;
    list.into_iter()
        .map(|wire| {
            let at = wire.timestamp.0.parse().ok();
            let at: Option<DateTime<Utc>> = at.and_then(|s| DateTime::from_timestamp(s, 0));
            let (Some(id), Some(at)) = (wire.id.as_u64(), at) else {
                let reason = "an event's id or time is not a number";
                return Err(malformed(OPERATION, "", reason));
            };
            Ok(DirectorEvent {
                id,
                at,
                user: wire.user.unwrap_or_default(),
                action: wire.action,
                object_type: wire.object_type,
                object_name: wire.object_name.unwrap_or_default(),
                deployment: wire.deployment,
                task: wire.task.map(|task| task.0),
                error: wire.error,
            })
        })
        .collect()
}

#[derive(Deserialize)]
struct WireInstance {
    job: String,
    id: Option<String>,
    az: Option<String>,
    cid: Option<String>,
    #[serde(default)]
    ips: Option<Vec<String>>,
    #[serde(flatten)]
    other: BTreeMap<String, serde_json::Value>,
}

pub(super) fn instances(body: &Bytes, name: &str) -> Result<Vec<DirectorInstance>, PortError> {
    let list: Vec<WireInstance> = decode(body, "read the instances of", name)?;
    Ok(list.into_iter().map(instance).collect())
}

fn instance(mut wire: WireInstance) -> DirectorInstance {
    let index = wire.other.remove("index").and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    });
    let other = wire.other.into_iter().filter_map(|(key, value)| {
        let text = match value {
            serde_json::Value::Null => return None,
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        Some((key, text))
    });
    DirectorInstance {
        group: wire.job,
        id: wire.id,
        index,
        az: wire.az,
        vm_cid: wire.cid,
        ips: wire.ips.unwrap_or_default(),
        other: other.collect(),
    }
}
