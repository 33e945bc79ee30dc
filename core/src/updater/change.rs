//! Changes as values: what would be written, and why something would not.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{FieldChange, FieldSet, Premise, changed_fields};
use crate::model::{InstanceId, JsonObject, layout};
use crate::ports::Version;

/// Something a person should know. It changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A dotted code that stays the same over versions.
    pub code: &'static str,
    /// What it is about: a deployment or an instance.
    pub subject: String,
    /// What was found, and what to do.
    pub message: String,
}

impl Finding {
    /// A finding about a subject.
    #[must_use]
    pub fn new(code: &'static str, subject: impl ToString, message: impl Into<String>) -> Self {
        Self { code, subject: subject.to_string(), message: message.into() }
    }
}

/// A secret before and after.
#[derive(Debug, Clone)]
pub struct SecretChange {
    /// Its path below the mount.
    pub path: String,
    /// The version that was read; the write names it.
    pub expected: Version,
    /// What was read.
    pub before: Option<JsonObject>,
    /// What would be written.
    pub after: JsonObject,
}

impl SecretChange {
    /// The fields that differ, as they may be shown.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        changed_fields(self.before.as_ref(), &self.after)
    }
}

/// What an instance's index entry should hold.
#[derive(Debug, Clone)]
pub struct EntryChange {
    /// The instance, spelled as its key.
    pub instance: InstanceId,
    /// The fields that a reconciler owns in the entry.
    pub fields: FieldSet,
    /// Whether there was no entry when the index was read.
    pub creates: bool,
    /// What the change holds for: an entry where that has changed since is left
    /// alone.
    pub only_if: Option<Premise>,
}

/// What would be written for one instance.
#[derive(Debug, Clone)]
pub struct InstanceChange {
    /// The instance.
    pub instance: InstanceId,
    /// The secrets that change, in the order of writing.
    pub secrets: Vec<SecretChange>,
    /// What its index entry should hold.
    pub entry: EntryChange,
}

impl InstanceChange {
    /// Whether a manifest that is stored would be replaced by another one.
    #[must_use]
    pub fn replaces_manifest(&self) -> bool {
        let path = layout::manifest(&self.instance);
        let stored = |secret: &SecretChange| secret.before.as_ref().is_some_and(|is| is.contains("manifest"));
        self.secrets.iter().any(|secret| secret.path == path && stored(secret))
    }
}

/// Why nothing is written for a matched deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// Why, and what to do.
    pub finding: Finding,
    /// When it ends, if nothing else has to happen for that.
    pub until: Option<DateTime<Utc>>,
}

impl From<Finding> for Skip {
    fn from(finding: Finding) -> Self {
        Self { finding, until: None }
    }
}

/// What becomes of a matched deployment's records.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Disposition {
    /// The records should be so; perhaps they are already.
    Reconcile(Box<InstanceChange>),
    /// They are left alone.
    Skip(Skip),
    /// The records contradict the decision, and the broker's own copy of the
    /// request has not been heard yet.
    AskTheBroker,
    /// The records do not know when the instance was made, and the Director's
    /// events have not been asked yet.
    AskTheDirector,
}

/// One line of a plan: a secret and its differing fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The instance, or nothing for the index.
    pub instance: String,
    /// The secret's path; an index entry is `db#{instance}`.
    pub path: String,
    /// Whether there was nothing before.
    pub creates: bool,
    /// The differing fields.
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// Which of the instance's secrets it is, in a word.
    #[must_use]
    pub fn part(&self) -> &str {
        match self.path.strip_prefix(&self.instance) {
            Some("") => "record",
            Some(below) => below.trim_start_matches('/'),
            None => "index entry",
        }
    }
}
