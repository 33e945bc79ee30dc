//! What the broker notes of its own work on an instance, and for how long such
//! a note is believed. Pure.

use chrono::{DateTime, Duration, Utc};

use super::instance::Stamp;
use super::times::time;
use crate::model::JsonObject;
use crate::ports::CLOCK_SKEW;

/// How long an operation that the broker noted protects its entry. Longer, and
/// the note was left behind: the broker never takes `provisioning_started` back.
const LONGEST_OPERATION: Duration = Duration::hours(24);
/// How far in the future a note is believed: our clock may be behind, and that
/// must take no protection away. What lies further ahead, such as a time in
/// milliseconds, would protect for ever.
pub const FURTHEST_AHEAD: Duration = Duration::hours(24);
/// Where the broker notes when it began.
const BEGUN: [&str; 2] = ["requested_at", "deprovision_requested_at"];

/// What the broker writes into `status` while it works on an instance.
const WORKING: [&str; 4] = ["request_received", "validated", "provisioning_started", "deprovision_requested"];

/// The operation that protects an entry, if one does. A note without a time is
/// an old one.
#[must_use]
pub fn fresh_operation(fields: &JsonObject, stamp: Stamp) -> Option<String> {
    let status = fields.text("status").filter(|status| WORKING.contains(&status.as_str()))?;
    BEGUN
        .into_iter()
        .any(|field| time(fields, field).is_some_and(|at| believed_until(at, stamp).is_some()))
        .then_some(status)
}

/// Until when what was noted at that time is believed to be under way, if it is.
/// Where the clocks are apart it is believed for so much longer, either way.
#[must_use]
pub fn believed_until(noted: DateTime<Utc>, stamp: Stamp) -> Option<DateTime<Utc>> {
    let apart = stamp.clocks_apart;
    let until = noted.checked_add_signed(LONGEST_OPERATION.checked_add(&apart)?)?;
    (stamp.at < until && noted - stamp.at < FURTHEST_AHEAD.checked_add(&apart)?).then_some(until)
}

/// What the broker noted that is still to come by our clock, and is believed.
#[must_use]
pub(super) fn noted_ahead(fields: &JsonObject, stamp: Stamp) -> Option<DateTime<Utc>> {
    BEGUN
        .into_iter()
        .filter_map(|field| time(fields, field))
        .filter(|at| *at - stamp.at > CLOCK_SKEW && believed_until(*at, stamp).is_some())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_protects_for_a_day_and_nonsense_protects_never() {
        let stamp = Stamp::at("2026-11-20T12:00:00Z".parse().unwrap());
        let cases = [
            (r#"{"status":"validated","requested_at":"2026-11-20T11:00:00Z"}"#, true),
            (r#"{"status":"validated","requested_at":"2026-11-20T12:30:00Z"}"#, true),
            // Our clock is behind the broker's.
            (r#"{"status":"validated","requested_at":"2026-11-20T14:00:00Z"}"#, true),
            (r#"{"status":"validated","requested_at":"2026-11-21T11:59:00Z"}"#, true),
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
            assert_eq!(fresh_operation(&entry_fields, stamp).is_some(), protects, "{entry}");
        }
    }

    #[test]
    fn clocks_that_are_apart_take_no_protection_away() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let noted = |at: DateTime<Utc>| {
            let fields = format!(r#"{{"status":"validated","requested_at":{}}}"#, at.timestamp());
            JsonObject::parse(&fields).unwrap()
        };
        for days in [-30, 30] {
            // The broker noted it now, by a clock that is right.
            let fields = noted(now + Duration::days(days));
            assert_eq!(fresh_operation(&fields, Stamp::at(now)), None);
            let doubted = Stamp::at(now).doubted(Duration::days(30));
            assert!(fresh_operation(&fields, doubted).is_some(), "{days}");
        }
    }
}
