//! The history of an instance, as Blacksmith's user interface reads it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::instance::{Matched, Stamp};
use crate::model::JsonObject;

/// What changed since the last entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    #[serde(rename = "releases_changed")]
    pub(super) releases: bool,
    #[serde(rename = "stemcells_changed")]
    pub(super) stemcells: bool,
    #[serde(rename = "manifest_changed")]
    pub(super) manifest: bool,
    #[serde(rename = "plan_changed")]
    pub(super) plan: bool,
}

impl Changes {
    pub(super) fn any(self) -> bool {
        self != Self::default()
    }
}

#[derive(Serialize)]
struct HistoryEntry<'a> {
    timestamp: i64,
    iso_timestamp: String,
    action: &'static str,
    description: String,
    source: &'static str,
    state: &'static str,
    deployment: &'a str,
    match_confidence: crate::matching::Confidence,
    match_reason: String,
    changes: Changes,
}

/// The history with one entry more. What stands there stays, byte for byte;
/// a history that is no list is left as it is.
pub(super) fn appended(
    before: Option<&JsonObject>,
    matched: &Matched<'_>,
    stamp: Stamp,
    changes: Changes,
) -> Option<Box<RawValue>> {
    let mut entries: Vec<Box<RawValue>> = match before.and_then(|before| before.raw("history")) {
        None => Vec::new(),
        Some(there) if there.get() == "null" => Vec::new(),
        Some(there) => serde_json::from_str(there.get()).ok()?,
    };
    let updated = [
        (changes.releases, "releases"),
        (changes.stemcells, "stemcells"),
        (changes.manifest, "manifest"),
        (changes.plan, "plan"),
    ];
    let mut description = "Instance reconciled from BOSH deployment".to_owned();
    for (_, what) in updated.iter().filter(|(changed, _)| *changed) {
        description.push_str(&format!(" - {what} updated"));
    }
    entries.push(crate::model::json::raw(&HistoryEntry {
        timestamp: stamp.at.timestamp(),
        iso_timestamp: stamp.rfc3339(),
        action: "reconciliation",
        description,
        source: "deployment_reconciler",
        state: "active",
        deployment: matched.summary.name.as_str(),
        match_confidence: matched.confidence,
        match_reason: matched.reason(),
        changes,
    }));
    Some(crate::model::json::raw(&entries))
}
