//! What the broker notes of its own work on an instance, and for how long such
//! a note is believed. Pure.

use chrono::{DateTime, Duration, Utc};

use super::times::time;
use crate::model::JsonObject;

/// How long an operation that the broker noted protects its entry. Longer, and
/// the note was left behind: the broker never takes `provisioning_started` back.
const LONGEST_OPERATION: Duration = Duration::hours(24);
/// How far the broker's clock may be ahead of ours. What lies further in the
/// future, such as a time in milliseconds, would protect for ever.
const CLOCK_SKEW: Duration = Duration::hours(1);

/// What the broker writes into `status` while it works on an instance.
const WORKING: [&str; 4] = ["request_received", "validated", "provisioning_started", "deprovision_requested"];

/// The operation that protects an entry, if one does. A note without a time is
/// an old one.
#[must_use]
pub fn fresh_operation(fields: &JsonObject, now: DateTime<Utc>) -> Option<String> {
    let status = fields.text("status").filter(|status| WORKING.contains(&status.as_str()))?;
    let mut since = ["requested_at", "deprovision_requested_at"].into_iter();
    since.any(|field| time(fields, field).is_some_and(|at| is_fresh(at, now))).then_some(status)
}

/// Whether what was noted at that time may still be under way.
#[must_use]
pub fn is_fresh(noted: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    believed_until(noted, now).is_some()
}

/// Until when what was noted at that time is believed to be under way, if it is.
#[must_use]
pub fn believed_until(noted: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let until = noted.checked_add_signed(LONGEST_OPERATION)?;
    (now < until && noted - now < CLOCK_SKEW).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_protects_for_a_day_and_nonsense_protects_never() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let cases = [
            (r#"{"status":"validated","requested_at":"2026-11-20T11:00:00Z"}"#, true),
            (r#"{"status":"validated","requested_at":"2026-11-20T12:30:00Z"}"#, true),
            (r#"{"status":"validated","requested_at":"2026-11-19T11:00:00Z"}"#, false),
            (r#"{"status":"validated","requested_at":"2027-11-19T11:00:00Z"}"#, false),
            // In milliseconds.
            (r#"{"status":"validated","requested_at":1795176000000}"#, false),
            // What lies in the future hides nothing.
            (
                r#"{"status":"deprovision_requested","requested_at":1795176000000,"deprovision_requested_at":"2026-11-20T11:00:00Z"}"#,
                true,
            ),
            (r#"{"status":"provisioning_started"}"#, false),
            (r#"{"status":"deleted","requested_at":"2026-11-20T11:00:00Z"}"#, false),
        ];
        for (entry, protects) in cases {
            let entry_fields = JsonObject::parse(entry).unwrap();
            assert_eq!(fresh_operation(&entry_fields, now).is_some(), protects, "{entry}");
        }
    }
}
