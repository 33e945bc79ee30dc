//! One entry of the index as it may be shown: what it says, and in one word
//! how it is with it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::{Index, IndexEntry, JsonObject, layout};
use crate::synchronizer::is_missing;
use crate::updater::{FieldChange, Stamp, changed_fields, fresh_operation};

/// How it is with an entry, by what it bears itself. Whether its deployment is
/// there, only a scan tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EntryState {
    /// Restored, and left alone by runs until somebody lets go of it.
    Held,
    /// The broker noted an operation less than a day ago.
    InOperation,
    /// Missing for more than a month.
    Stale,
    /// Its deployment was not there.
    Missing,
    /// Somebody called it deleted.
    Deleted,
    /// A run has brought its records into line.
    Reconciled,
    /// No run has written it yet.
    New,
}

impl EntryState {
    /// The state of an entry at a time.
    #[must_use]
    pub fn of(fields: &JsonObject, now: DateTime<Utc>) -> Self {
        let says = |field: &str| fields.raw(field).is_some_and(|raw| raw.get() == "true");
        if layout::is_held(fields) {
            Self::Held
        } else if fresh_operation(fields, Stamp::at(now)).is_some() {
            Self::InOperation
        } else if says("stale") {
            Self::Stale
        } else if is_missing(fields) {
            Self::Missing
        } else if fields.text("status").as_deref() == Some("deleted") || says("deleted") {
            Self::Deleted
        } else if says("reconciled") {
            Self::Reconciled
        } else {
            Self::New
        }
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::InOperation => "in-operation",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Deleted => "deleted",
            Self::Reconciled => "reconciled",
            Self::New => "new",
        }
    }
}

impl fmt::Display for EntryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An entry as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryView {
    /// The instance, spelled as its key.
    pub instance: String,
    /// How it is with it.
    pub state: EntryState,
    /// The service it names.
    pub service: Option<String>,
    /// The plan it names.
    pub plan: Option<String>,
    /// The deployment it records, or that the broker would have given it.
    pub deployment: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// All fields; values that may be secret are a digest.
    pub fields: Vec<Field>,
}

/// A field as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub field: String,
    /// Its value as JSON, or a digest.
    pub value: String,
}

/// An entry as it may be shown at a time.
#[must_use]
pub fn entry_view(entry: &IndexEntry, now: DateTime<Utc>) -> EntryView {
    let expected = || entry.identity().map(|identity| identity.expected_deployment());
    let fields = changed_fields(None, &entry.fields).into_iter();
    EntryView {
        instance: entry.instance.to_string(),
        state: EntryState::of(&entry.fields, now),
        service: entry.service().map(ToString::to_string),
        plan: entry.plan().map(ToString::to_string),
        deployment: entry.fields.text("deployment_name").or_else(expected),
        name: entry.fields.text("instance_name"),
        fields: fields
            .map(|FieldChange { field, after, .. }| Field { field, value: after.unwrap_or_default() })
            .collect(),
    }
}

/// A member of the index that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherView {
    /// Its key.
    pub key: String,
    /// What stands there instead of an object.
    pub kind: &'static str,
}

/// The members that are no entries: nothing reads them, and they are kept.
#[must_use]
pub fn other_views(index: &Index) -> Vec<OtherView> {
    let others = index.others().iter();
    others
        .map(|(key, value)| OtherView {
            key: key.to_owned(),
            kind: match value.get().trim_start().as_bytes().first() {
                Some(b'n') => "null",
                Some(b'{') => "an object whose key is no instance's id",
                Some(b'[') => "a list",
                Some(b'"') => "a text",
                Some(b't' | b'f') => "true or false",
                _ => "a number",
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_what_matters_most_of_what_an_entry_bears() {
        let now = "2027-01-15T08:00:00Z".parse().unwrap();
        for (fields, state) in [
            (r#"{"plan_id":"p"}"#, "new"),
            (r#"{"reconciled":true}"#, "reconciled"),
            (r#"{"reconciled":true,"status":"deleted"}"#, "deleted"),
            (r#"{"reconciled":true,"orphaned":true}"#, "missing"),
            (r#"{"orphaned":true,"stale":true}"#, "stale"),
            (
                r#"{"status":"deprovision_requested","deprovision_requested_at":"2027-01-15T07:00:00Z"}"#,
                "in-operation",
            ),
            (r#"{"status":"provisioning_started","requested_at":"2025-01-15T07:00:00Z"}"#, "new"),
            (r#"{"orphaned":true,"reconciler_hold":{"since":1}}"#, "held"),
        ] {
            let fields = JsonObject::parse(fields).unwrap();
            assert_eq!(EntryState::of(&fields, now).name(), state, "{}", fields.to_text());
        }
    }

    #[test]
    fn what_may_be_secret_is_a_digest_and_what_is_no_entry_is_named() {
        let text = r#"{"a":{"service_id":"s","plan_id":"p","parameters":{"password":"hunter2"},"context":"{hunter2}"},
                       "b":null,"..":{"x":1},"c":"hunter2"}"#;
        let index = Index::parse(text).unwrap();
        let view = entry_view(&index.entries()[0], DateTime::UNIX_EPOCH);
        assert_eq!(view.deployment.as_deref(), Some("p-a"));
        assert!(!format!("{view:?}").contains("hunter2"));
        let others = other_views(&index);
        let kinds: Vec<_> = others.iter().map(|other| (other.key.as_str(), other.kind)).collect();
        assert_eq!(
            kinds,
            [("b", "null"), ("..", "an object whose key is no instance's id"), ("c", "a text")]
        );
    }
}
