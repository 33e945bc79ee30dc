//! The KV v2 engine: versions, check-and-set, soft delete, metadata.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::exchange::{Answer, timestamp};
use super::limits::Limits;
use super::number;

/// How many versions are kept of a secret.
const KEPT: u64 = 10;

/// Bytes that version, encryption and storage add to the data.
const ENVELOPE: usize = 64;

/// A mount of KV v2.
#[derive(Debug, Default)]
pub(crate) struct VersionedMount {
    secrets: BTreeMap<String, Secret>,
}

#[derive(Debug, Default)]
struct Secret {
    current: u64,
    versions: BTreeMap<u64, Stored>,
}

#[derive(Debug)]
struct Stored {
    data: Value,
    created: DateTime<Utc>,
    deleted: Option<DateTime<Utc>>,
}

impl Stored {
    fn metadata(&self, version: u64) -> Value {
        json!({
            "created_time": timestamp(self.created),
            "custom_metadata": null,
            "deletion_time": self.deleted.map(timestamp).unwrap_or_default(),
            "destroyed": false,
            "version": version,
        })
    }
}

impl VersionedMount {
    /// Answers a read of one version, the newest unless one is named.
    pub(crate) fn read(&self, path: &str, version: Option<u64>) -> Answer {
        let Some(secret) = self.secrets.get(path) else {
            return Answer::errors(404, &[]);
        };
        let version = version.filter(|version| *version > 0).unwrap_or(secret.current);
        let Some(stored) = secret.versions.get(&version) else {
            return Answer::errors(404, &[]);
        };
        let metadata = stored.metadata(version);
        if stored.deleted.is_some() {
            return Answer::data(404, &json!({"data": null, "metadata": metadata}));
        }
        Answer::data(200, &json!({"data": stored.data, "metadata": metadata}))
    }

    /// Answers a write of a request body.
    pub(crate) fn write(&mut self, path: &str, body: &Value, limits: &Limits, now: DateTime<Utc>) -> Answer {
        let Some(data) = body.get("data").filter(|data| data.is_object()) else {
            return Answer::errors(400, &["no data provided"]);
        };
        let current = self.version(path);
        match body.get("options").and_then(|options| options.get("cas")) {
            None => {}
            Some(cas) => match cas.as_u64() {
                None => return Answer::errors(400, &["error parsing check-and-set parameter"]),
                Some(cas) if cas != current => {
                    return Answer::errors(
                        400,
                        &["check-and-set parameter did not match the current version"],
                    );
                }
                Some(_) => {}
            },
        }
        let bytes = number::text(data, true).len() + path.len() + ENVELOPE;
        if let Some(refusal) = limits.refuse_entry(bytes) {
            return refusal;
        }
        let version = self.put(path, data.clone(), now);
        Answer::data(200, &self.secrets[path].versions[&version].metadata(version))
    }

    /// Stores a new version without any check, as the broker writes.
    pub(crate) fn put(&mut self, path: &str, data: Value, now: DateTime<Utc>) -> u64 {
        let secret = self.secrets.entry(path.to_owned()).or_default();
        secret.current += 1;
        let version = secret.current;
        let stored = Stored { data, created: now, deleted: None };
        secret.versions.insert(version, stored);
        secret.versions.retain(|kept, _| kept + KEPT > version);
        version
    }

    /// Deletes the newest version softly.
    pub(crate) fn delete(&mut self, path: &str, now: DateTime<Utc>) {
        if let Some(secret) = self.secrets.get_mut(path)
            && let Some(stored) = secret.versions.get_mut(&secret.current)
        {
            stored.deleted.get_or_insert(now);
        }
    }

    /// Removes a secret with all its versions.
    pub(crate) fn purge(&mut self, path: &str) {
        self.secrets.remove(path);
    }

    /// Answers a read of the metadata.
    pub(crate) fn metadata(&self, path: &str) -> Answer {
        let Some(secret) = self.secrets.get(path) else {
            return Answer::errors(404, &[]);
        };
        let versions: BTreeMap<_, _> = secret
            .versions
            .iter()
            .map(|(version, stored)| (version.to_string(), stored.metadata(*version)))
            .collect();
        Answer::data(
            200,
            &json!({
                "cas_required": false,
                "current_version": secret.current,
                "custom_metadata": null,
                "delete_version_after": "0s",
                "max_versions": 0,
                "oldest_version": secret.versions.keys().next(),
                "versions": versions,
            }),
        )
    }

    /// Answers a list of the names directly below a path.
    pub(crate) fn list(&self, path: &str) -> Answer {
        listing(self.secrets.keys(), path)
    }

    /// The current version of a path; 0 is never.
    pub(crate) fn version(&self, path: &str) -> u64 {
        self.secrets.get(path).map_or(0, |secret| secret.current)
    }

    /// The newest data of a path, as it was sent.
    pub(crate) fn data(&self, path: &str) -> Option<&Value> {
        let secret = self.secrets.get(path)?;
        let stored = secret.versions.get(&secret.current)?;
        stored.deleted.is_none().then_some(&stored.data)
    }

    /// All paths, soft-deleted ones too.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.secrets.keys().cloned().collect()
    }
}

/// Answers a list over paths: names, folders with a slash; nothing is a 404.
pub(crate) fn listing<'p>(paths: impl Iterator<Item = &'p String>, below: &str) -> Answer {
    let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
    let keys: BTreeSet<String> = paths
        .filter_map(|path| path.strip_prefix(&prefix))
        .map(|rest| match rest.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => rest.to_owned(),
        })
        .collect();
    if keys.is_empty() {
        return Answer::errors(404, &[]);
    }
    Answer::data(200, &json!({ "keys": keys }))
}
