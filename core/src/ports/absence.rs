//! Entries whose deployment is not there, counted over complete scans.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use super::clock::CLOCK_SKEW;
use crate::model::InstanceId;

/// Since when the deployment of an index entry is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The entry's instance, as it was spelled when it was first absent.
    pub instance: InstanceId,
    /// When it was first found absent.
    pub first_absent_at: DateTime<Utc>,
    /// When it was last found absent.
    pub last_absent_at: DateTime<Utc>,
    /// How many complete scans in a row found it absent, from 1.
    pub complete_scans: u32,
}

/// What a complete scan found out about the entries of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteScan {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The instances whose deployment is not there.
    pub absent: BTreeSet<InstanceId>,
    /// Those of which it says nothing: what is counted of them stays.
    pub unknown: BTreeSet<InstanceId>,
    /// How long ago the last complete scan may be. What happened in a longer time
    /// nobody knows, and counting begins anew.
    pub longest_gap: Duration,
}

impl CompleteScan {
    /// The absences once this scan is taken in, in the order of their ids: what is
    /// absent is counted once more or begins to be absent, and what was seen is
    /// not absent any more.
    #[must_use]
    pub fn counted(&self, known: &[Absence]) -> Vec<Absence> {
        let known: BTreeMap<&InstanceId, &Absence> = known.iter().map(|one| (&one.instance, one)).collect();
        let goes_on = |one: &&&Absence| self.follows(one);
        let absent = self.absent.iter().map(|instance| match known.get(instance).filter(goes_on) {
            Some(one) => Absence {
                complete_scans: one.complete_scans.saturating_add(1),
                last_absent_at: one.last_absent_at.max(self.at),
                ..(*one).clone()
            },
            None => Absence {
                instance: instance.clone(),
                first_absent_at: self.at,
                last_absent_at: self.at,
                complete_scans: 1,
            },
        });
        let unknown = self.unknown.difference(&self.absent).filter_map(|instance| known.get(instance));
        let mut counted: Vec<Absence> = absent.chain(unknown.map(|one| (*one).clone())).collect();
        counted.sort_by(|a, b| a.instance.cmp(&b.instance));
        counted
    }

    /// What is absent still, and is counted anew all the same.
    pub fn anew<'a>(&'a self, known: &'a [Absence]) -> impl Iterator<Item = &'a Absence> {
        known.iter().filter(|one| self.absent.contains(&one.instance) && !self.follows(one))
    }

    /// Whether what was counted is counted on. Where the last scan was too long ago,
    /// or a clock was set back so that it lies in the future, it is not; that of a
    /// run that overlaps with this one may be a little later.
    fn follows(&self, last: &Absence) -> bool {
        let passed = self.at - last.last_absent_at;
        -CLOCK_SKEW <= passed && passed <= self.longest_gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> InstanceId {
        InstanceId::new(text).unwrap()
    }

    fn hour(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + Duration::hours(hours)
    }

    fn scan(at: i64, absent: &[&str], unknown: &[&str]) -> CompleteScan {
        let ids = |ids: &[&str]| ids.iter().map(|one| id(one)).collect();
        CompleteScan {
            at: hour(at),
            absent: ids(absent),
            unknown: ids(unknown),
            longest_gap: Duration::hours(72),
        }
    }

    fn told(absences: &[Absence]) -> Vec<(&str, i64, u32)> {
        let hours = |at: DateTime<Utc>| (at - hour(0)).num_hours();
        absences
            .iter()
            .map(|one| (one.instance.as_str(), hours(one.first_absent_at), one.complete_scans))
            .collect()
    }

    #[test]
    fn what_is_absent_again_is_counted_what_was_seen_is_forgotten_and_what_is_unknown_stays() {
        let first = scan(0, &["a", "b", "c"], &[]).counted(&[]);
        assert_eq!(told(&first), [("a", 0, 1), ("b", 0, 1), ("c", 0, 1)]);
        let second = scan(1, &["b", "d"], &["c", "e"]).counted(&first);
        assert_eq!(told(&second), [("b", 0, 2), ("c", 0, 1), ("d", 1, 1)]);
        assert_eq!(
            told(&scan(2, &["b", "c", "d"], &[]).counted(&second)),
            [("b", 0, 3), ("c", 0, 2), ("d", 1, 2)]
        );
    }

    #[test]
    fn counting_begins_anew_after_a_long_time_and_where_the_last_scan_lies_in_the_future() {
        let first = scan(0, &["a"], &[]).counted(&[]);
        for (at, expected) in [(72, ("a", 0, 2)), (73, ("a", 73, 1)), (-1, ("a", -1, 1))] {
            let scan = scan(at, &["a"], &[]);
            assert_eq!(told(&scan.counted(&first)), [expected], "at {at}");
            assert_eq!(scan.anew(&first).count(), usize::from(expected.2 == 1), "at {at}");
        }
    }

    #[test]
    fn runs_that_overlap_are_counted_on_and_the_later_time_stays() {
        let first = scan(0, &["a"], &[]).counted(&[]);
        let later = scan(2, &["a"], &[]).counted(&first);
        let overlapping = CompleteScan { at: hour(2) - CLOCK_SKEW, ..scan(0, &["a"], &[]) };
        let counted = overlapping.counted(&later);
        assert_eq!(told(&counted), [("a", 0, 3)]);
        assert_eq!(counted[0].last_absent_at, hour(2));
        let earlier = CompleteScan { at: overlapping.at - Duration::seconds(1), ..overlapping };
        assert_eq!(earlier.counted(&later)[0].complete_scans, 1);
    }
}
