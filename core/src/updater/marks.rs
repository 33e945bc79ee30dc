//! What an index entry bears while its deployment is not there, and how it loses
//! that again. Blacksmith's own names for it: what we call missing is stored as
//! `orphaned`.

use super::FieldSet;
use super::instance::Stamp;
use crate::model::JsonObject;

/// What an entry that was called missing or stale bears, and must lose when its
/// deployment is there.
const MISSING_MARKS: [&str; 8] = [
    "orphaned",
    "orphaned_at",
    "orphaned_reason",
    "orphan_check_count",
    "stale",
    "stale_since",
    "days_orphaned",
    "preservation_reason",
];

/// Who writes `status: deleted` without being the broker: a monitor that looked
/// once, or a reconciler.
const HASTY: [&str; 2] = ["vm-monitor", "reconciler"];

/// How Blacksmith's own reconciler signs entries. One that bears this and says
/// that the instance is deleted, but not by whom, was written by it: the broker
/// takes entries out instead.
pub const REFERENCE_SIGNATURE: &str = "deployment_reconciler";

/// What belongs to such a status.
const DELETED_MARKS: [&str; 4] = ["status", "deleted_at", "deleted_by", "deletion_reason"];

/// Whether a field says that a deployment is not there.
pub(super) fn is_mark(field: &str) -> bool {
    MISSING_MARKS.contains(&field) || DELETED_MARKS.contains(&field)
}

/// What makes an entry missing.
#[must_use]
pub fn missing_marks(stamp: Stamp) -> FieldSet {
    FieldSet::default()
        .own("orphaned", &true)
        .own("orphaned_at", &stamp.rfc3339())
        .own("orphaned_reason", "no_bosh_deployment")
}

/// What makes a missing entry stale. The days are counted once, at this step.
#[must_use]
pub fn stale_marks(entry: &JsonObject, days: i64) -> FieldSet {
    let mut fields = FieldSet::default().own("stale", &true);
    // As Blacksmith has it: since when it is missing.
    if let Some(since) = entry.raw("orphaned_at") {
        fields = fields.own("stale_since", since);
    }
    fields.own("days_orphaned", &days).own("preservation_reason", "service_instance_historical_data")
}

/// Takes out what an entry bears that says its deployment is not there.
#[must_use]
pub fn healed(fields: FieldSet, entry: &JsonObject) -> FieldSet {
    let without =
        |fields: FieldSet, marks: &[&str]| marks.iter().fold(fields, |fields, mark| fields.without(mark));
    let fields = without(fields, &MISSING_MARKS);
    if says_deleted_in_haste(entry) { without(fields, &DELETED_MARKS) } else { fields }
}

/// Whether an entry bears anything that says its deployment is not there.
#[must_use]
pub fn bears_marks(entry: &JsonObject) -> bool {
    MISSING_MARKS.iter().any(|mark| entry.contains(mark)) || says_deleted_in_haste(entry)
}

fn says_deleted_in_haste(entry: &JsonObject) -> bool {
    entry.text("status").as_deref() == Some("deleted")
        && match entry.text("deleted_by") {
            Some(by) => HASTY.contains(&by.as_str()),
            None => entry.text("reconciled_by").as_deref() == Some(REFERENCE_SIGNATURE),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> JsonObject {
        JsonObject::parse(text).unwrap()
    }

    fn heal(text: &str) -> Option<String> {
        let entry = object(text);
        healed(FieldSet::default(), &entry).apply(Some(&entry)).map(|after| after.to_text())
    }

    #[test]
    fn a_missing_entry_is_stored_as_blacksmith_stores_it_and_turns_stale_once() {
        let stamp = Stamp::at("2026-11-20T12:00:00.5Z".parse().unwrap());
        let missing = missing_marks(stamp).apply(Some(&object(r#"{"plan_id":"p","n":1.10}"#))).unwrap();
        assert_eq!(
            missing.to_text(),
            r#"{"plan_id":"p","n":1.10,"orphaned":true,"orphaned_at":"2026-11-20T12:00:00Z","orphaned_reason":"no_bosh_deployment"}"#
        );
        let stale = stale_marks(&missing, 31).apply(Some(&missing)).unwrap().to_text();
        assert!(
            stale.ends_with(
                r#""stale":true,"stale_since":"2026-11-20T12:00:00Z","days_orphaned":31,"preservation_reason":"service_instance_historical_data"}"#
            ),
            "{stale}"
        );
    }

    #[test]
    fn everything_goes_but_a_status_that_neither_a_monitor_nor_a_reconciler_wrote() {
        let marked = object(r#"{"a":1,"orphan_check_count":7}"#);
        let stamp = Stamp::at("2026-11-20T12:00:00Z".parse().unwrap());
        let missing = missing_marks(stamp).apply(Some(&marked)).unwrap();
        let stale = stale_marks(&missing, 40).apply(Some(&missing)).unwrap();
        assert_eq!(heal(&stale.to_text()).as_deref(), Some(r#"{"a":1}"#));
        let cases = [
            (r#"{"status":"deleted","deleted_by":"vm-monitor","deleted_at":"x"}"#, Some("{}")),
            (r#"{"status":"deleted","deleted_by":"reconciler","deletion_reason":"x"}"#, Some("{}")),
            (
                r#"{"status":"deleted","reconciled_by":"deployment_reconciler"}"#,
                Some(r#"{"reconciled_by":"deployment_reconciler"}"#),
            ),
            (r#"{"status":"deleted","deleted_by":"broker"}"#, None),
            (r#"{"status":"deleted"}"#, None),
            (r#"{"status":"deprovision_requested"}"#, None),
            (r#"{"orphaned":true,"status":"deleted"}"#, Some(r#"{"status":"deleted"}"#)),
        ];
        for (entry, after) in cases {
            assert_eq!(heal(entry).as_deref(), after, "{entry}");
            assert_eq!(bears_marks(&object(entry)), after.is_some(), "{entry}");
        }
    }
}
