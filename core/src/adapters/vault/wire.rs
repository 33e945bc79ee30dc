//! Vault's bodies as far as they are read: every field may be missing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::errand::Errand;
use crate::adapters::http::{Answer, Secret};
use crate::model::JsonObject;
use crate::ports::{PortError, PortErrorKind};

/// The envelope of every answer.
#[derive(Deserialize)]
#[serde(bound(deserialize = "D: Deserialize<'de>"))]
pub(super) struct Envelope<D> {
    #[serde(default = "Option::default")]
    pub(super) data: Option<D>,
    #[serde(default)]
    pub(super) auth: Option<Auth>,
    #[serde(default)]
    pub(super) errors: Option<Vec<String>>,
    #[serde(default)]
    pub(super) warnings: Option<Vec<String>>,
}

/// A login or a renewal.
#[derive(Deserialize)]
pub(super) struct Auth {
    #[serde(default)]
    pub(super) client_token: Option<Secret>,
    /// Seconds; 0 is for ever.
    #[serde(default)]
    pub(super) lease_duration: u64,
    #[serde(default)]
    pub(super) renewable: bool,
}

/// One version of a secret.
#[derive(Deserialize)]
pub(super) struct SecretVersion {
    #[serde(default)]
    pub(super) data: Option<JsonObject>,
    #[serde(default)]
    pub(super) metadata: Option<VersionMetadata>,
}

/// The part of a version's metadata that is needed, and a write's answer.
#[derive(Deserialize)]
pub(super) struct VersionMetadata {
    #[serde(default)]
    pub(super) version: Option<u64>,
}

/// The names of a list.
#[derive(Deserialize)]
pub(super) struct Keys {
    #[serde(default)]
    pub(super) keys: Option<Vec<String>>,
}

/// A mount, as the preflight gives it.
#[derive(Deserialize)]
pub(super) struct MountAnswer {
    #[serde(default)]
    pub(super) path: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) options: Option<BTreeMap<String, Option<String>>>,
}

/// The token about itself.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    /// Seconds; 0 with no `expire_time` is for ever.
    #[serde(default)]
    pub(super) ttl: u64,
    #[serde(default)]
    pub(super) expire_time: Option<String>,
    #[serde(default)]
    pub(super) renewable: Option<bool>,
    #[serde(default)]
    pub(super) policies: Option<Vec<String>>,
}

/// `sys/health`, whatever its status.
#[derive(Deserialize)]
pub(super) struct HealthAnswer {
    pub(super) initialized: bool,
    pub(super) sealed: bool,
    #[serde(default)]
    pub(super) standby: bool,
    #[serde(default)]
    pub(super) version: Option<String>,
}

/// Reads the body of an answer of any status; `None` if it is no envelope. Only
/// an object is one: serde reads an array as the fields in their order.
pub(super) fn envelope<D: DeserializeOwned>(body: &[u8]) -> Option<Envelope<D>> {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok()).flatten()
}

/// Reads the body of a success.
pub(super) fn read<D: DeserializeOwned>(
    errand: &Errand<'_>,
    answer: &Answer,
) -> Result<Envelope<D>, PortError> {
    let envelope: Envelope<D> = serde_json::from_slice(&answer.body).map_err(|e| {
        // The place is told, the text around it may be a secret.
        malformed(
            errand,
            format!(
                "the answer of {} bytes is not what Vault sends (line {}, column {})",
                answer.body.len(),
                e.line(),
                e.column()
            ),
        )
    })?;
    for warning in envelope.warnings.iter().flatten() {
        tracing::warn!(subject = errand.subject, warning, "Vault warns");
    }
    Ok(envelope)
}

/// Reads the `data` of a success.
pub(super) fn data<D: DeserializeOwned>(errand: &Errand<'_>, answer: &Answer) -> Result<D, PortError> {
    read(errand, answer)?.data.ok_or_else(|| malformed(errand, "the answer holds no data".to_owned()))
}

/// An answer that cannot be understood.
pub(super) fn malformed(errand: &Errand<'_>, reason: String) -> PortError {
    errand.advise(
        PortErrorKind::Malformed,
        reason,
        "check that the address is Vault's own and that no proxy changes its answers",
    )
}
