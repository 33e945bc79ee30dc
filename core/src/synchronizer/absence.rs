//! When an index entry without a deployment may be called missing. Pure.
//!
//! One scan that does not show a deployment proves nothing: the Director may be
//! restoring, a token may see less, the broker may be creating the instance
//! right now. An entry turns missing only when everything that could explain
//! the absence has been ruled out, and it is never deleted.

use chrono::{DateTime, Duration, Utc};

use super::waiting::Waiting;
use crate::model::{DeploymentName, IndexEntry, JsonObject, layout};
use crate::ports::Absence;
use crate::updater::{FURTHEST_AHEAD, Stamp, believed_until, fresh_operation, rfc3339, time};

/// How long must pass between the first complete scan that misses a deployment
/// and the one that may call it missing.
const LEAST_ABSENCE: Duration = Duration::minutes(60);
/// An entry younger than this may be an instance that is being created.
const LEAST_AGE: Duration = Duration::hours(2);
/// How long ago the last complete scan may be at least, so that counting goes on:
/// programs that are started once a day may miss two days.
const LONGEST_GAP: Duration = Duration::days(3);
/// How many complete scans must have missed the deployment.
const LEAST_SCANS: u32 = 2;
/// After how many days a missing entry is stale.
const STALE_AFTER_DAYS: i64 = 30;

/// What the broker writes into `{id}/task` when it has ended. Whatever else
/// stands there, it may still be at work.
const FINISHED: [&str; 8] =
    ["done", "succeeded", "success", "failed", "error", "errored", "cancelled", "timeout"];

/// What is known about an entry that no deployment speaks for.
#[derive(Debug, Clone, Copy)]
pub struct AbsentEntry<'a> {
    /// The entry.
    pub entry: &'a IndexEntry,
    /// Since when it is absent, this scan included; nothing without a state.
    pub absence: Option<&'a Absence>,
    /// Whether a task works on the deployment.
    pub task_in_flight: bool,
    /// A deployment that could not be understood, and may be its own.
    pub may_be: Option<&'a DeploymentName>,
}

/// How long ago the last complete scan may be so that an absence is counted on:
/// three days, or three intervals if that is more. What was in between longer
/// than that nobody knows.
#[must_use]
pub fn longest_gap(interval: Duration) -> Duration {
    interval.checked_mul(3).unwrap_or(Duration::MAX).max(LONGEST_GAP)
}

/// What is allowed to happen to an absent entry, before the direct look.
///
/// # Errors
/// Why it has to wait.
pub fn may_turn_missing(
    absent: AbsentEntry<'_>,
    complete: bool,
    interval: Duration,
    stamp: Stamp,
) -> Result<(), Waiting> {
    let now = stamp.at;
    let fields = &absent.entry.fields;
    if !complete {
        return Err(Waiting::IncompleteScan);
    }
    if let Some(deployment) = absent.may_be {
        return Err(Waiting::NotUnderstood { deployment: deployment.to_string() });
    }
    if layout::is_held(fields) {
        return Err(Waiting::Held);
    }
    if absent.entry.plan().is_none() {
        return Err(Waiting::NoPlan);
    }
    if absent.task_in_flight {
        return Err(Waiting::TaskInFlight);
    }
    if let Some(status) = fresh_operation(fields, stamp) {
        return Err(Waiting::InOperation { status });
    }
    if born(fields, now).is_some_and(|born| now - born < LEAST_AGE) {
        return Err(Waiting::TooYoung);
    }
    let Some(absence) = absent.absence else { return Err(Waiting::NoState) };
    let scans = absence.complete_scans;
    // An interval beyond all time is never over.
    let apart = interval.max(LEAST_ABSENCE);
    let not_before = absence.first_absent_at.checked_add_signed(apart).unwrap_or(DateTime::<Utc>::MAX_UTC);
    if scans < LEAST_SCANS || now < not_before {
        let not_after = absence.last_absent_at.checked_add_signed(longest_gap(interval)).map(rfc3339);
        return Err(Waiting::TooFewScans { scans, not_before: rfc3339(not_before), not_after });
    }
    Ok(())
}

/// When the instance was made, as far as the entry knows: the latest of what it
/// says. What lies far in the future is no such time; what lies near is one by a
/// clock that is ahead of ours.
fn born(fields: &JsonObject, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    ["created", "created_at", "requested_at", "discovered_at"]
        .into_iter()
        .filter_map(|field| time(fields, field))
        .filter(|at| *at - now < FURTHEST_AHEAD)
        .max()
}

/// Until when the broker's own task on an instance, `{id}/task`, is believed to
/// be under way, if it is. As with an entry's status, a note that is old or has
/// no time was left behind.
#[must_use]
pub fn broker_works_until(task: &JsonObject, stamp: Stamp) -> Option<DateTime<Utc>> {
    let state = task.text("state").filter(|state| !state.is_empty())?;
    let noted = time(task, "updated_at").filter(|_| !FINISHED.contains(&state.as_str()))?;
    believed_until(noted, stamp)
}

/// Whether an entry is called missing already.
#[must_use]
pub fn is_missing(fields: &JsonObject) -> bool {
    fields.raw("orphaned").is_some_and(|raw| raw.get() == "true")
}

/// Whether a missing entry is called stale already.
#[must_use]
pub fn is_stale(fields: &JsonObject) -> bool {
    is_missing(fields) && fields.raw("stale").is_some_and(|raw| raw.get() == "true")
}

/// For how many whole days an entry has been missing, if it has become stale by
/// that and is not called so yet.
#[must_use]
pub fn newly_stale(fields: &JsonObject, now: DateTime<Utc>) -> Option<i64> {
    let days = (now - time(fields, "orphaned_at")?).num_days();
    (is_missing(fields) && !is_stale(fields) && days > STALE_AFTER_DAYS).then_some(days)
}

/// How many entries may turn missing in one run: 5 per cent, or 10 in a large
/// index; never more than a quarter, and always one.
#[must_use]
pub fn most_transitions(entries: usize) -> usize {
    let usual = (entries / 20).max(10);
    usual.min((entries / 4).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Index, InstanceId};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-20T12:00:00Z";

    fn verdict(fields: &str, scans: u32, first: &str) -> Result<(), Waiting> {
        let index = Index::parse(&format!(r#"{{"tesla":{fields}}}"#)).unwrap();
        let absence = Absence {
            instance: InstanceId::new("tesla").unwrap(),
            first_absent_at: at(first),
            last_absent_at: at(NOW),
            complete_scans: scans,
        };
        let absent = AbsentEntry {
            entry: &index.entries()[0],
            absence: Some(&absence),
            task_in_flight: false,
            may_be: None,
        };
        may_turn_missing(absent, true, Duration::minutes(30), Stamp::at(at(NOW)))
    }

    #[test]
    fn an_entry_waits_until_everything_else_is_ruled_out() {
        let old = r#"{"plan_id":"p","service_id":"s","created":1700000000}"#;
        assert_eq!(verdict(old, 2, "2026-11-20T11:00:00Z"), Ok(()));
        let cases = [
            (old, 1, "2026-11-20T09:00:00Z", "TooFewScans"),
            (old, 5, "2026-11-20T11:01:00Z", "TooFewScans"),
            (r#"{"service_id":"s"}"#, 2, "2026-11-20T09:00:00Z", "NoPlan"),
            (r#"{"plan_id":"p","created_at":"2026-11-20T10:30:00Z"}"#, 2, "2026-11-20T10:40:00Z", "TooYoung"),
            (
                r#"{"plan_id":"p","created":1700000000,"status":"deprovision_requested","deprovision_requested_at":"2026-11-19T13:00:00Z"}"#,
                9,
                "2026-11-20T09:00:00Z",
                "InOperation",
            ),
        ];
        for (fields, scans, first, waiting) in cases {
            let got = format!("{:?}", verdict(fields, scans, first).unwrap_err());
            assert!(got.starts_with(waiting), "{fields}: {got}");
        }
    }

    #[test]
    fn an_operation_that_was_noted_long_ago_or_never_protects_nothing() {
        for fields in [
            r#"{"plan_id":"p","status":"provisioning_started","requested_at":"2026-11-19T11:00:00Z"}"#,
            r#"{"plan_id":"p","status":"provisioning_started"}"#,
            r#"{"plan_id":"p","status":"deleted","requested_at":"2026-11-01T11:00:00Z"}"#,
        ] {
            assert_eq!(verdict(fields, 2, "2026-11-20T09:00:00Z"), Ok(()), "{fields}");
        }
    }

    #[test]
    fn an_incomplete_scan_or_a_task_says_nothing_about_absence() {
        let index = Index::parse(r#"{"tesla":{"plan_id":"p"}}"#).unwrap();
        let absent = |task| AbsentEntry {
            entry: &index.entries()[0],
            absence: None,
            task_in_flight: task,
            may_be: None,
        };
        let ask =
            |task, complete| may_turn_missing(absent(task), complete, Duration::hours(1), Stamp::at(at(NOW)));
        assert_eq!(ask(false, false), Err(Waiting::IncompleteScan));
        assert_eq!(ask(true, true), Err(Waiting::TaskInFlight));
        assert_eq!(ask(false, true), Err(Waiting::NoState));
    }

    #[test]
    fn the_cap_is_a_share_of_the_index_with_a_floor_and_a_ceiling() {
        let cases = [(0, 1), (1, 1), (4, 1), (8, 2), (40, 10), (100, 10), (200, 10), (400, 20), (1000, 50)];
        for (entries, most) in cases {
            assert_eq!(most_transitions(entries), most, "{entries}");
        }
    }

    #[test]
    fn a_missing_entry_turns_stale_once_after_thirty_days() {
        let stale = |fields: &str| newly_stale(&JsonObject::parse(fields).unwrap(), at(NOW));
        assert_eq!(stale(r#"{"orphaned":true,"orphaned_at":"2026-10-20T12:00:00Z"}"#), Some(31));
        assert_eq!(stale(r#"{"orphaned":true,"orphaned_at":"2026-10-21T12:00:00Z"}"#), None);
        assert_eq!(stale(r#"{"orphaned":true,"orphaned_at":"2026-01-21T12:00:00Z","stale":true}"#), None);
        assert_eq!(stale(r#"{"orphaned_at":"2026-01-21T12:00:00Z"}"#), None);
    }

    #[test]
    fn an_age_is_the_latest_that_an_entry_says_and_nonsense_is_none() {
        let cases = [
            // A time that a bug wrote before 1970 does not hide a fresh request.
            (r#"{"plan_id":"p","created":-62135596800,"requested_at":"2026-11-20T11:00:00Z"}"#, true),
            // Nor does one in milliseconds protect an entry for ever.
            (r#"{"plan_id":"p","created":1795000000000}"#, false),
            (r#"{"plan_id":"p"}"#, false),
        ];
        for (fields, young) in cases {
            let verdict = verdict(fields, 2, "2026-11-20T09:00:00Z");
            assert_eq!(verdict, if young { Err(Waiting::TooYoung) } else { Ok(()) }, "{fields}");
        }
    }

    #[test]
    fn a_task_of_the_broker_protects_while_it_is_under_way_and_fresh() {
        let now = at(NOW).timestamp();
        let cases = [
            (format!(r#"{{"state":"in_progress","updated_at":{}}}"#, now - 60), true),
            (format!(r#"{{"state":"initializing","updated_at":{}}}"#, now - 60), true),
            (format!(r#"{{"state":"in_progress","updated_at":{}}}"#, now - 90_000), false),
            (format!(r#"{{"state":"failed","updated_at":{}}}"#, now - 60), false),
            (r#"{"state":"in_progress"}"#.to_owned(), false),
            ("{}".to_owned(), false),
        ];
        for (task, works) in cases {
            let until = broker_works_until(&JsonObject::parse(&task).unwrap(), Stamp::at(at(NOW)));
            assert_eq!(until, works.then(|| at(NOW) + Duration::hours(24) - Duration::seconds(60)), "{task}");
        }
    }
}
