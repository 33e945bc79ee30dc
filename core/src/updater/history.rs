//! The history of an instance, as Blacksmith's user interface reads it.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::instance::{Matched, Stamp};
use super::times::time;
use crate::model::JsonObject;
use crate::model::json::raw;

/// Who wrote an entry, as every reconciler of Blacksmith's signs it. The
/// broker's own entries bear no source.
const SOURCE: &str = "deployment_reconciler";

/// How many of the entries that reconcilers wrote stay in a history, and for
/// how long. Everybody else's stay for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLimits {
    /// How many stay; 0 keeps all.
    pub max_entries: usize,
    /// For how many seconds they stay; 0 keeps all. Only looked at when the
    /// history changes anyway: time alone is no reason to write.
    pub max_age_seconds: i64,
}

impl Default for HistoryLimits {
    fn default() -> Self {
        Self { max_entries: 1000, max_age_seconds: 0 }
    }
}

/// What changed since the last entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Changes {
    #[serde(rename = "releases_changed")]
    pub(super) releases: bool,
    #[serde(rename = "stemcells_changed")]
    pub(super) stemcells: bool,
    #[serde(rename = "vms_changed")]
    pub(super) vms: bool,
    #[serde(rename = "manifest_changed")]
    pub(super) manifest: bool,
    #[serde(rename = "plan_changed")]
    pub(super) plan: bool,
    /// The fields of the metadata that were not there before.
    pub(super) fields_added: Vec<String>,
    /// None ever: fields are not taken away.
    pub(super) fields_removed: [String; 0],
}

impl Changes {
    /// What changed, in the words of a description.
    fn named(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.releases, "releases"),
            (self.stemcells, "stemcells"),
            (self.vms, "VMs"),
            (self.manifest, "manifest"),
            (self.plan, "plan"),
        ]
        .into_iter()
        .filter_map(|(changed, what)| changed.then_some(what))
    }

    pub(super) fn any(&self) -> bool {
        self.named().next().is_some()
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
    changes: &'a Changes,
}

/// The entry that says what changed.
fn entry(matched: &Matched<'_>, stamp: Stamp, changes: &Changes) -> Box<RawValue> {
    let mut description = "Instance reconciled from BOSH deployment".to_owned();
    for what in changes.named() {
        description.push_str(&format!(" - {what} updated"));
    }
    raw(&HistoryEntry {
        timestamp: stamp.at.timestamp(),
        iso_timestamp: stamp.rfc3339(),
        action: "reconciliation",
        description,
        source: SOURCE,
        state: "active",
        deployment: matched.summary.name.as_str(),
        match_confidence: matched.confidence,
        match_reason: matched.reason(),
        changes,
    })
}

/// The history as it should be: with an entry more if something changed, and
/// within its limits. Nothing if it is right already, or is no list: then it
/// stays as it is. What stays keeps its bytes.
pub(super) fn next(
    before: Option<&JsonObject>,
    matched: &Matched<'_>,
    stamp: Stamp,
    changes: &Changes,
) -> Option<Box<RawValue>> {
    let mut entries: Vec<Box<RawValue>> = match before.and_then(|before| before.raw("history")) {
        None => Vec::new(),
        Some(there) if there.get() == "null" => Vec::new(),
        Some(there) => serde_json::from_str(there.get()).ok()?,
    };
    let limits = matched.history;
    if changes.any() {
        entries.push(entry(matched, stamp, changes));
    } else if limits.max_entries == 0
        || entries.iter().filter(|entry| is_ours(entry)).count() <= limits.max_entries
    {
        return None;
    }
    Some(raw(&limits.kept(entries, stamp)))
}

impl HistoryLimits {
    /// The entries that stay, in their order: the newest of ours stand last.
    fn kept(self, entries: Vec<Box<RawValue>>, stamp: Stamp) -> Vec<Box<RawValue>> {
        let ours = entries.iter().filter(|entry| is_ours(entry)).count();
        let mut too_many = if self.max_entries == 0 { 0 } else { ours.saturating_sub(self.max_entries) };
        let oldest = (self.max_age_seconds > 0)
            .then(|| Duration::try_seconds(self.max_age_seconds))
            .flatten()
            .and_then(|age| stamp.at.checked_sub_signed(age));
        let mut stays = |entry: &RawValue| {
            if !is_ours(entry) {
                return true;
            }
            if too_many > 0 {
                too_many -= 1;
                return false;
            }
            // What bears no time cannot be too old.
            oldest.is_none_or(|oldest| written_at(entry).is_none_or(|at| at >= oldest))
        };
        entries.into_iter().filter(|entry| stays(entry)).collect()
    }
}

/// Whether a reconciler wrote an entry, this one or Blacksmith's.
pub(super) fn is_ours(entry: &RawValue) -> bool {
    // Most entries of the broker are sorted out without being parsed.
    entry.get().contains(SOURCE)
        && JsonObject::parse(entry.get()).is_ok_and(|entry| entry.text("source").as_deref() == Some(SOURCE))
}

fn written_at(entry: &RawValue) -> Option<chrono::DateTime<chrono::Utc>> {
    let entry = JsonObject::parse(entry.get()).ok()?;
    time(&entry, "timestamp").or_else(|| time(&entry, "iso_timestamp"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp() -> Stamp {
        Stamp::at(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }

    fn raws(texts: &[String]) -> Vec<Box<RawValue>> {
        texts.iter().map(|text| RawValue::from_string(text.clone()).unwrap()).collect()
    }

    fn texts(entries: &[Box<RawValue>]) -> Vec<&str> {
        entries.iter().map(|entry| entry.get()).collect()
    }

    #[test]
    fn old_and_superfluous_entries_of_ours_go_and_no_others() {
        let all: Vec<String> = [
            r#"{"timestamp":1,"action":"provision"}"#,
            r#"{"source":"deployment_reconciler","timestamp":1799999000}"#,
            r#"{"source":"deployment_reconciler","iso_timestamp":"2027-01-15T07:00:00Z"}"#,
            r#"{"source":"deployment_reconciler"}"#,
            r#""deployment_reconciler""#,
            "null",
            r#"{"source":"deployment_reconciler","timestamp":1.7999999e9}"#,
        ]
        .map(str::to_owned)
        .into();
        let cases: [(usize, i64, &[usize]); 6] = [
            (0, 0, &[0, 1, 2, 3, 4, 5, 6]),
            (9, 0, &[0, 1, 2, 3, 4, 5, 6]),
            (2, 0, &[0, 3, 4, 5, 6]),
            (1, 0, &[0, 4, 5, 6]),
            (0, 600, &[0, 3, 4, 5, 6]),
            (0, i64::MAX, &[0, 1, 2, 3, 4, 5, 6]),
        ];
        for (max_entries, max_age_seconds, left) in cases {
            let limits = HistoryLimits { max_entries, max_age_seconds };
            let kept = limits.kept(raws(&all), stamp());
            let expected: Vec<&str> = left.iter().map(|at| all[*at].as_str()).collect();
            assert_eq!(texts(&kept), expected, "{limits:?}");
        }
    }

    /// An entry as somebody may have written it.
    fn any_entry() -> impl Strategy<Value = String> {
        prop_oneof![
            (0_u64..2_000_000_000).prop_map(|at| format!(r#"{{"timestamp":{at},"action":"update"}}"#)),
            (0_u64..2_000_000_000)
                .prop_map(|at| format!(r#"{{"source":"deployment_reconciler","timestamp":{at}}}"#)),
            Just(r#"{"source":"deployment_reconciler"}"#.to_owned()),
            Just(r#"{ "source" : "deployment_reconcile\u0072", "timestamp": 7 }"#.to_owned()),
            Just(r#"{"n":1.10,"source":null}"#.to_owned()),
            Just("[1, 2]".to_owned()),
            Just("7".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn entries_of_others_are_never_lost_ours_are_bounded_and_the_order_stays(
            all in prop::collection::vec(any_entry(), 0..40),
            max_entries in 0_usize..10,
            max_age_seconds in prop_oneof![Just(0_i64), 1_i64..2_000_000_000],
        ) {
            let limits = HistoryLimits { max_entries, max_age_seconds };
            let kept = limits.kept(raws(&all), stamp());
            let others = |entries: &[Box<RawValue>]| -> Vec<String> {
                entries.iter().filter(|one| !is_ours(one)).map(|one| one.get().to_owned()).collect()
            };
            prop_assert_eq!(others(&kept), others(&raws(&all)));
            let ours = kept.iter().filter(|one| is_ours(one)).count();
            prop_assert!(max_entries == 0 || ours <= max_entries);
            // A part of what there was, in its order, byte for byte.
            let mut rest = all.iter();
            for entry in &kept {
                prop_assert!(rest.any(|one| one == entry.get()));
            }
            // Keeping again changes nothing.
            let again = limits.kept(kept.clone(), stamp());
            prop_assert_eq!(texts(&again), texts(&kept));
        }
    }
}
