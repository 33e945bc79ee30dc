//! The fields that a reconciler owns in each of an instance's secrets.

use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::FieldSet;
use super::history::{self, Changes};
use super::instance::{Matched, Stamp};
use super::marks::healed;
use crate::manifest::Manifest;
use crate::model::json::{raw, same_value};
use crate::model::{JsonObject, ReleaseRef, StemcellRef};

/// How this reconciler signs an index entry: not as Blacksmith's own does, so
/// that the two can be told apart.
const INDEX_SIGNATURE: &str = "reconciler";
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

/// What is known about the instance beside the record. `stored` is the manifest
/// as it stands in the store when all is written.
pub(super) fn metadata(
    matched: &Matched<'_>,
    before: Option<&JsonObject>,
    stored: Option<&Manifest>,
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
    let differs = |field: &str, value: &RawValue| {
        !before.and_then(|before| before.raw(field)).is_some_and(|there| same_value(there, value))
    };
    let changes = Changes {
        releases: differs("releases", &raw(&releases)),
        stemcells: differs("stemcells", &raw(&stemcells)),
        manifest: digest.is_some_and(|digest| differs("manifest_sha256", &raw(digest))),
        plan: before.is_some_and(|before| before.contains("plan_name"))
            && differs("plan_name", &raw(&*matched.plan.name)),
    };
    let mut after = fields.apply(before)?;
    if changes.any()
        && let Some(history) = history::appended(before, matched, stamp, changes)
    {
        after.set("history", history);
    }
    Some(after)
}

/// The instance's entry in the index.
///
/// `repair` sets service and plan even where others stand there: the broker's
/// own word has been heard. `fingerprint` says what the records were computed
/// from, so that the next run can tell without reading them; where the stored
/// manifest only says the same in other words, it is not worth a write.
pub(super) fn entry(
    matched: &Matched<'_>,
    repair: bool,
    fingerprint: (&str, Worth),
    stamp: Stamp,
) -> FieldSet {
    let (service, plan) = (matched.identity.service.as_str(), matched.identity.plan.as_str());
    let mut fields = FieldSet::default();
    fields = if repair {
        fields.own("service_id", service).own("plan_id", plan)
    } else {
        fields.fill("service_id", service).fill("plan_id", plan)
    };
    fields = fields
        .own("deployment_name", matched.summary.name.as_str())
        .own("reconciled", &true)
        .stamp("reconciled_at", &stamp.rfc3339())
        .stamp("reconciled_by", INDEX_SIGNATURE)
        .stamp("updated_at", &stamp.rfc3339());
    fields = match fingerprint {
        (fingerprint, Worth::AWrite) => fields.own(FINGERPRINT, fingerprint),
        (fingerprint, Worth::NoWrite) => fields.stamp(FINGERPRINT, fingerprint),
    };
    let Some(entry) = matched.entry else { return fields.fill("discovered_at", &stamp.rfc3339()) };
    healed(fields, &entry.fields)
}

/// Whether a difference is worth writing for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    AWrite,
    NoWrite,
}

/// The field of an entry that says what its records were computed from.
const FINGERPRINT: &str = "reconciler_fingerprint";

/// Identifies all that an instance's records are computed from.
pub(super) fn fingerprint(matched: &Matched<'_>) -> String {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    let identity = matched.identity;
    for text in [identity.instance.as_str(), identity.service.as_str(), identity.plan.as_str()] {
        field(text);
    }
    for text in [matched.summary.name.as_str(), matched.service_name, &*matched.plan.name] {
        field(text);
    }
    for ReleaseRef { name, version } in &matched.summary.releases {
        field(name);
        field(version);
    }
    field("stemcells");
    for StemcellRef { name, version } in &matched.summary.stemcells {
        field(name);
        field(version);
    }
    field("teams");
    for team in &matched.summary.teams {
        field(team);
    }
    field(matched.manifest.fingerprint().unwrap_or("none"));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the entry says that its records were computed from exactly this.
pub(super) fn bears(entry: &JsonObject, fingerprint: &str) -> bool {
    entry.text(FINGERPRINT).as_deref() == Some(fingerprint)
}
