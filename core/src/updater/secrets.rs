//! The fields that a reconciler owns in each of an instance's secrets.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;

use super::FieldSet;
use super::history::{self, Changes};
use super::instance::{Matched, Stamp};
use super::times::rfc3339;
use super::vms;
use crate::manifest::Manifest;
use crate::model::json::{raw, same_value};
use crate::model::{JsonObject, ReleaseRef, StemcellRef};

/// How this reconciler signs a manifest.
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

/// The instance's own record. `created` is set only where it is not known yet.
pub(super) fn root(matched: &Matched<'_>, created: Option<DateTime<Utc>>, stamp: Stamp) -> FieldSet {
    let mut fields = FieldSet::default();
    if let Some(created) = created {
        fields = fields.fill("created", &created.timestamp()).fill("requested_at", &rfc3339(created));
    }
    fields
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
        .stamp("updated", &stamp.at.timestamp())
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

/// What is known about the instance beside the record. `stored` is the manifest
/// as it stands in the store when all is written; `created` is set only where it
/// is not known yet.
pub(super) fn metadata(
    matched: &Matched<'_>,
    before: Option<&JsonObject>,
    stored: Option<&Manifest>,
    created: Option<DateTime<Utc>>,
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
    let mut fields = FieldSet::default()
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
    let digest = stored.and_then(Manifest::fingerprint);
    if let Some(digest) = digest {
        // Says of which manifest the history speaks: a run that was killed
        // between the two leaves them apart, and the next one sees it.
        fields = fields.own("manifest_sha256", digest);
    }
    if let Some(created) = created {
        fields = fields.fill("created_at", &rfc3339(created));
    }
    let vms = matched.vms.map(vms::field);
    if let Some(vms) = &vms {
        fields = fields.own("vms", vms);
    }
    let has = |field: &str| before.is_some_and(|before| before.contains(field));
    let differs = |field: &str, value: &RawValue| {
        !before.and_then(|before| before.raw(field)).is_some_and(|there| same_value(there, value))
    };
    let changes = Changes {
        releases: differs("releases", &raw(&releases)),
        stemcells: differs("stemcells", &raw(&stemcells)),
        // VMs that are read for the first time have not changed.
        vms: has("vms") && vms.is_some_and(|vms| differs("vms", &raw(&vms))),
        manifest: digest.is_some_and(|digest| differs("manifest_sha256", &raw(digest))),
        plan: has("plan_name") && differs("plan_name", &raw(&*matched.plan.name)),
        fields_added: fields.names().filter(|field| !has(field)).map(str::to_owned).collect(),
        fields_removed: [],
    };
    if let Some(history) = history::next(before, matched, stamp, &changes) {
        fields = fields.own("history", &history);
    }
    fields.apply(before)
}
