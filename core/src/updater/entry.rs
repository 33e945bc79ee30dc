//! The fields that a reconciler owns in an instance's index entry.

use chrono::{DateTime, Utc};

use super::FieldSet;
use super::fingerprint::{self, Fingerprint};
use super::instance::{Matched, Stamp};
use super::marks::healed;
use super::times::rfc3339;
use crate::model::{IndexEntry, layout};

/// How this reconciler signs an index entry: not as Blacksmith's own does, so
/// that the two can be told apart.
const INDEX_SIGNATURE: &str = "reconciler";

/// How JSON writes a text without characters.
const EMPTY_TEXT: &str = "\"\"";

/// The instance's entry in the index.
///
/// `repair` sets service and plan even where others stand there: the broker's
/// own word has been heard. The fingerprint says what the records were computed
/// from, so that the next run can tell without reading them; where the stored
/// manifest only says the same in other words, it is not worth a write.
/// `created` is set where the entry has lost it.
pub(super) fn entry(
    matched: &Matched<'_>,
    repair: bool,
    (fingerprint, worth): (&Fingerprint, Worth),
    created: Option<DateTime<Utc>>,
    stamp: Stamp,
) -> FieldSet {
    let (service, plan) = (matched.identity.service.as_str(), matched.identity.plan.as_str());
    let mut fields = FieldSet::default();
    for (field, decided) in [("service_id", service), ("plan_id", plan)] {
        // Null and the empty text say nothing, as if the field were not there.
        let says_nothing = |entry: &IndexEntry| {
            entry.fields.raw(field).is_some_and(|raw| matches!(raw.get(), "null" | EMPTY_TEXT))
        };
        let is_ours = repair || matched.entry.is_some_and(says_nothing);
        fields = if is_ours { fields.own(field, decided) } else { fields.fill(field, decided) };
    }
    fields = fields
        .own("deployment_name", matched.summary.name.as_str())
        .own("reconciled", &true)
        .stamp("reconciled_at", &stamp.rfc3339())
        .stamp("reconciled_by", INDEX_SIGNATURE)
        .stamp("updated_at", &stamp.rfc3339());
    if let Some(created) = created {
        fields = fields
            .fill("created", &created.timestamp())
            .fill("created_at", &rfc3339(created))
            .fill("requested_at", &rfc3339(created));
    }
    let text = fingerprint.for_entry(matched.entry.map(|entry| &entry.fields));
    fields = match worth {
        Worth::AWrite => fields.own(fingerprint::FIELD, &text),
        Worth::NoWrite => fields.stamp(fingerprint::FIELD, &text),
        Worth::Nothing => fields,
    };
    fields = fields.without(layout::RELEASED);
    let Some(entry) = matched.entry else { return fields.fill("discovered_at", &stamp.rfc3339()) };
    healed(fields, &entry.fields)
}

/// What a fingerprint is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// It is written if it differs.
    AWrite,
    /// It is written along with something else.
    NoWrite,
    /// It is not written: not all was read that the records are made from, and
    /// the next run must look at them again.
    Nothing,
}
