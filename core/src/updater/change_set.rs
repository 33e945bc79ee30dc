//! What a run would write, as a value that can be kept: paths, versions and
//! fingerprints, and never what stands there. Pure.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::change::InstanceChange;
use super::fingerprint::Fingerprint;
use super::history;
use super::instance::{Matched, Observed};
use crate::model::digest::{feed, hex};
use crate::model::{DeploymentName, InstanceId, JsonObject, layout};
use crate::ports::{Slot, Version};

/// Fields that tell when something was written and not what.
const TIMES: [&str; 5] = ["reconciled_at", "last_synced_at", "updated", "updated_at", "discovered_at"];

/// A secret that was read for a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedSecret {
    /// Its path below the mount.
    pub path: String,
    /// The version that was read.
    pub version: Version,
    /// The fingerprint of what stood there; nothing if nothing did.
    pub before: Option<String>,
    /// The fingerprint of what would be written; nothing if it stays.
    pub after: Option<String>,
}

/// An index entry that was read for a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedEntry {
    /// The fingerprint of what stood there; nothing if there was none.
    pub before: Option<String>,
    /// The fingerprint of what would be written; nothing if it stays.
    pub after: Option<String>,
}

/// What would be written for one instance, and what that was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedInstance {
    /// The instance.
    pub instance: InstanceId,
    /// Its deployment.
    pub deployment: DeploymentName,
    /// Why it is this instance's: the strategies that say so.
    pub reason: String,
    /// The fingerprint of the deployment's manifest; nothing if it has none.
    pub manifest: Option<String>,
    /// The fingerprint of all that is computed from the Director's answers, the
    /// catalog and the settings.
    pub computed_from: String,
    /// The secrets that were read, in the order of writing.
    pub secrets: Vec<PlannedSecret>,
    /// The entry in the index.
    pub entry: PlannedEntry,
}

/// How far a planned instance has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Something of it is still to be written.
    Open,
    /// All of it stands there already.
    Applied,
}

impl PlannedInstance {
    /// Takes the fingerprints of a change and of what it was computed from.
    #[must_use]
    pub fn of(matched: &Matched<'_>, observed: &Observed, change: &InstanceChange) -> Self {
        let instance = &change.instance;
        let secret = |path: String, slot: &Slot| {
            let after = change.secrets.iter().find(|secret| secret.path == path);
            PlannedSecret {
                version: slot.version(),
                before: slot.data().map(fingerprint),
                after: after.map(|secret| fingerprint(&secret.after)),
                path,
            }
        };
        let entry = matched.entry.map(|entry| &entry.fields);
        Self {
            instance: instance.clone(),
            deployment: matched.summary.name.clone(),
            reason: format!("{} ({})", matched.reason(), matched.confidence),
            manifest: matched.manifest.fingerprint().map(str::to_owned),
            computed_from: Fingerprint::of(matched).for_plan(),
            secrets: vec![
                secret(layout::root(instance), &observed.root),
                secret(layout::manifest(instance), &observed.manifest),
                secret(layout::metadata(instance), &observed.metadata),
            ],
            entry: PlannedEntry {
                before: entry.map(fingerprint),
                after: change.entry.fields.apply(entry).as_ref().map(fingerprint),
            },
        }
    }

    /// Whether anything would be written.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.entry.after.is_some() || self.secrets.iter().any(|secret| secret.after.is_some())
    }

    /// Holds this plan against what would be planned now. What an interrupted
    /// apply has written already is no obstacle.
    ///
    /// # Errors
    /// Everything that has moved since, in words.
    pub fn against(&self, now: &Self) -> Result<Standing, Vec<String>> {
        let mut moved = Vec::new();
        if self.deployment != now.deployment {
            moved.push(format!("its deployment was `{}` and is `{}`", self.deployment, now.deployment));
        } else if self.manifest != now.manifest {
            moved.push(format!("the manifest of deployment `{}` has changed", self.deployment));
        } else if self.computed_from != now.computed_from {
            moved.push(format!(
                "releases, stemcells, teams or VMs of deployment `{}`, or the names of its plan, have changed",
                self.deployment
            ));
        }
        // What is still to be written, or what is there already.
        let mut open = false;
        for (then, now) in self.secrets.iter().zip(&now.secrets) {
            let is_applied = then.after.is_some() && now.before == then.after;
            let expected = if is_applied { None } else { then.after.as_ref() };
            if !is_applied && then.version != now.version {
                let path = &then.path;
                moved.push(format!(
                    "version {} of `{path}` was read, it is {} now",
                    then.version, now.version
                ));
            } else if moved.is_empty() && now.after.as_ref() != expected {
                moved.push(format!("`{}` would get other content than planned", then.path));
            }
            open |= expected.is_some();
        }
        let is_applied = self.entry.after.is_some() && now.entry.before == self.entry.after;
        let expected = if is_applied { None } else { self.entry.after.as_ref() };
        if !is_applied && self.entry.before != now.entry.before {
            moved.push(format!("its index entry `{}#{}` has changed", layout::INDEX, self.instance));
        } else if moved.is_empty() && now.entry.after.as_ref() != expected {
            moved.push("its index entry would get other content than planned".to_owned());
        }
        open |= expected.is_some();
        if moved.is_empty() { Ok(if open { Standing::Open } else { Standing::Applied }) } else { Err(moved) }
    }
}

/// What a run would write, computed without writing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeSet {
    /// The instances that change, in the order of their deployments.
    pub instances: Vec<PlannedInstance>,
}

impl ChangeSet {
    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }
}

/// The fingerprint of an object: of what it says, and not of when it was
/// written. The same change computed a minute later has the same.
fn fingerprint(object: &JsonObject) -> String {
    let mut hasher = Sha256::new();
    let mut fields: Vec<_> = object.iter().filter(|(field, _)| !TIMES.contains(field)).collect();
    fields.sort_by_key(|(field, _)| *field);
    for (field, value) in fields {
        hasher.update([0]);
        hasher.update(field);
        hasher.update([0]);
        match timeless(field, value) {
            Some(entries) => entries.iter().for_each(|entry| feed(&mut hasher, entry, 0)),
            None => feed(&mut hasher, value, 0),
        }
    }
    hex(&hasher.finalize()[..16])
}

/// A history whose entries of ours do not say when.
fn timeless(field: &str, value: &RawValue) -> Option<Vec<Box<RawValue>>> {
    let mut entries: Vec<Box<RawValue>> =
        (field == "history").then(|| serde_json::from_str(value.get()).ok()).flatten()?;
    for entry in entries.iter_mut().filter(|entry| history::is_ours(entry)) {
        let mut fields = JsonObject::parse(entry.get()).ok()?;
        fields.remove("timestamp");
        fields.remove("iso_timestamp");
        *entry = crate::model::json::raw(&fields);
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        fingerprint(&JsonObject::parse(text).unwrap())
    }

    #[test]
    fn a_fingerprint_knows_what_is_said_and_not_when() {
        let one = of(r#"{"a":1.10,"reconciled_at":1,"history":[{"timestamp":1,"action":"x"},
            {"source":"deployment_reconciler","timestamp":2,"iso_timestamp":"y","state":"active"}]}"#);
        let later = of(r#"{"history":[{"timestamp":1,"action":"x"},
            {"source":"deployment_reconciler","timestamp":3,"iso_timestamp":"z","state":"active"}],"a":1.10}"#);
        assert_eq!(one, later);
        for other in [
            r#"{"a":1.1}"#,
            // When the broker did something is the broker's word.
            r#"{"a":1.10,"history":[{"timestamp":2,"action":"x"},{"source":"deployment_reconciler","state":"active"}]}"#,
            r#"{"a":1.10,"history":[{"timestamp":1,"action":"x"}]}"#,
        ] {
            assert_ne!(one, of(other), "{other}");
        }
    }
}
