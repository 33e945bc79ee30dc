//! The fields that a reconciler owns in each of an instance's secrets.

use serde::Serialize;

use super::FieldSet;
use super::history::{self, Changes};
use super::instance::{Matched, Stamp};
use crate::manifest::Manifest;
use crate::model::{JsonObject, ReleaseRef, StemcellRef};

/// How a reconciler signs an index entry.
const INDEX_SIGNATURE: &str = "deployment_reconciler";
/// How it signs a manifest.
const MANIFEST_SIGNATURE: &str = "reconciler";

#[derive(Serialize)]
struct PlanField<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct PartField<'a> {
    name: &'a str,
    version: &'a str,
}

/// The instance's own record.
pub(super) fn root(matched: &Matched<'_>, stamp: Stamp) -> FieldSet {
    FieldSet::default()
        .fill("instance_id", matched.identity.instance.as_str())
        .own("service_id", matched.identity.service.as_str())
        .own("plan_id", matched.identity.plan.as_str())
        .own("deployment_name", matched.summary.name.as_str())
        .own("service_name", matched.service_name)
        .own("plan_name", &*matched.plan.name)
        .own("plan", &PlanField { id: matched.plan.id.as_str(), name: &matched.plan.name })
        .own("reconciled", &true)
        .stamp("reconciled_at", &stamp.at.timestamp())
        .stamp("last_synced_at", &stamp.at.timestamp())
}

/// The manifest last seen; nothing to do if it says the same as the one that is
/// stored, or if there is none to store.
pub(super) fn manifest(
    matched: &Matched<'_>,
    before: Option<&JsonObject>,
    stamp: Stamp,
) -> Option<JsonObject> {
    let text = matched.manifest.text()?;
    let stored = before.and_then(|before| before.text("manifest"));
    // The Director writes a manifest anew after a restart: the same values in
    // other words are no change.
    if stored.is_some_and(|stored| Manifest::from_text(stored).same_content(matched.manifest)) {
        return None;
    }
    FieldSet::default()
        .own("manifest", text)
        .stamp("updated_at", &stamp.at.timestamp())
        .stamp("reconciled", &true)
        .stamp("reconciled_by", MANIFEST_SIGNATURE)
        .apply(before)
}

/// What is known about the instance beside the record.
pub(super) fn metadata(
    matched: &Matched<'_>,
    before: Option<&JsonObject>,
    manifest_changed: bool,
    stamp: Stamp,
) -> Option<JsonObject> {
    let releases: Vec<PartField<'_>> = matched
        .summary
        .releases
        .iter()
        .map(|ReleaseRef { name, version }| PartField { name, version })
        .collect();
    let stemcells: Vec<PartField<'_>> = matched
        .summary
        .stemcells
        .iter()
        .map(|StemcellRef { name, version }| PartField { name, version })
        .collect();
    let fields = FieldSet::default()
        .own("deployment_name", matched.summary.name.as_str())
        .own("service_name", matched.service_name)
        .own("plan_name", &*matched.plan.name)
        .own("releases", &releases)
        .own("stemcells", &stemcells)
        .own("teams", &matched.summary.teams)
        .stamp("match_confidence", &matched.confidence)
        .stamp("match_reason", &matched.reason())
        .stamp("match_chain", &matched.chain)
        .stamp("reconciled_at", &stamp.rfc3339());
    let differs = |field: &str, value: &dyn Fn() -> Box<serde_json::value::RawValue>| {
        let there = before.and_then(|before| before.raw(field));
        !there.is_some_and(|there| crate::model::json::same_value(there, &value()))
    };
    let changes = Changes {
        releases: differs("releases", &|| crate::model::json::raw(&releases)),
        stemcells: differs("stemcells", &|| crate::model::json::raw(&stemcells)),
        manifest: manifest_changed,
        plan: before.is_some_and(|before| before.contains("plan_name"))
            && differs("plan_name", &|| crate::model::json::raw(&*matched.plan.name)),
    };
    let mut after = match fields.apply(before) {
        Some(after) => after,
        // A manifest that changed is an event even if nothing here differs.
        None if changes.any() => before.cloned().unwrap_or_default(),
        None => return None,
    };
    if changes.any()
        && let Some(history) = history::appended(before, matched, stamp, changes)
    {
        after.set("history", history);
    }
    Some(after)
}

/// The instance's entry in the index.
pub(super) fn entry(matched: &Matched<'_>, stamp: Stamp) -> FieldSet {
    let fields = FieldSet::default()
        .fill("service_id", matched.identity.service.as_str())
        .fill("plan_id", matched.identity.plan.as_str())
        .own("deployment_name", matched.summary.name.as_str())
        .own("reconciled", &true)
        .stamp("reconciled_at", &stamp.rfc3339())
        .stamp("reconciled_by", INDEX_SIGNATURE)
        .stamp("updated_at", &stamp.rfc3339());
    if matched.entry.is_some() { fields } else { fields.fill("discovered_at", &stamp.rfc3339()) }
}
