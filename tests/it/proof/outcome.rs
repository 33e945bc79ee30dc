//! What must hold after a run that was disturbed, and after the next one that
//! was not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use reconciler_core::manager::{RunError, RunReport};
use serde_json::Value;

use super::books::{Books, astray, is_archive};
use super::time_of_run;

/// How a scenario went, undisturbed: what every other one is held against.
pub(super) struct Undisturbed {
    pub(super) before: Books,
    pub(super) after: Books,
}

impl Undisturbed {
    fn runs() -> [DateTime<Utc>; 3] {
        [1, 2, 3].map(time_of_run)
    }

    fn timeless(books: &Books) -> BTreeMap<String, Value> {
        books.timeless(&Self::runs())
    }

    /// Nothing is lost and nothing made up: each field is as it was, or as an
    /// undisturbed run leaves it.
    pub(super) fn nothing_is_lost(&self, now: &Books, scenario: &str) {
        let [before, now_, after] = [&self.before, now, &self.after].map(Self::timeless);
        assert_eq!(astray(&before, &now_, &after), [] as [String; 0], "{scenario}");
    }

    /// The report says what happened: what is unfinished is in it, what it calls
    /// written is there, and where there is none nothing was written.
    pub(super) fn is_told(&self, outcome: &Result<RunReport, RunError>, now: &Books, scenario: &str) {
        let (writes, backups) = now.writes_since(&self.before);
        let Ok(report) = outcome else {
            assert_eq!((writes, backups), (0, 0), "{scenario}: a run without a report wrote: {outcome:?}");
            return;
        };
        let counted = (report.counts.writes as u64, report.counts.backups as u64);
        let unfinished = self.unfinished(now);
        if report.complete {
            assert_eq!(unfinished, BTreeSet::new(), "{scenario}: called complete");
            assert_eq!(counted, (writes, backups), "{scenario}");
        } else {
            assert!(!report.failures.is_empty() || report.counts.not_begun > 0, "{scenario}: {report:?}");
            assert!(
                counted.0 <= writes && counted.1 <= backups,
                "{scenario}: {counted:?} {writes} {backups}"
            );
        }
        let failed: BTreeSet<&str> =
            report.failures.iter().map(|failure| failure.instance.as_str()).collect();
        let told = |instance: &String| {
            failed.contains(instance.as_str()) || failed.contains("db") || report.counts.not_begun > 0
        };
        let untold: Vec<_> = unfinished.iter().filter(|instance| !told(instance)).collect();
        assert!(untold.is_empty(), "{scenario}: not told: {untold:?}; {:?}", report.failures);
        for change in report.changes.iter().filter(|change| !change.path.contains('#')) {
            let (now, before) = (now.version(&change.path), self.before.version(&change.path));
            assert!(now > before, "{scenario}: {} is called written", change.path);
        }
    }

    /// The instances whose records or entry are not as they are in the end.
    fn unfinished(&self, now: &Books) -> BTreeSet<String> {
        let [now, after] = [now, &self.after].map(Self::timeless);
        let mut unfinished = BTreeSet::new();
        for (path, data) in after.iter().filter(|(path, _)| !is_archive(path)) {
            if path == "db" {
                let entries = data.as_object().unwrap().iter();
                let entry = |instance: &str| now.get("db").and_then(|index| index.get(instance));
                unfinished.extend(
                    entries.filter(|(key, there)| entry(key) != Some(there)).map(|(key, _)| key.clone()),
                );
            } else if now.get(path) != Some(data) {
                unfinished.insert(path.split('/').next().unwrap().to_owned());
            }
        }
        unfinished
    }

    /// A clean run afterwards brings the same end as if nothing had happened,
    /// and no secret was written more often for it. Only the index may have been
    /// written once by each run.
    pub(super) fn is_the_same_end(&self, report: &RunReport, now: &Books, scenario: &str) {
        assert!(report.complete, "{scenario}: {:?}", report.failures);
        let [now_, after] = [now, &self.after].map(Self::timeless);
        for (path, data) in &after {
            assert_eq!(now_.get(path), Some(data), "{scenario}: {path}");
        }
        let more: Vec<_> = now_.keys().filter(|path| !after.contains_key(*path)).collect();
        assert!(more.is_empty(), "{scenario}: {more:?}");
        for path in now.paths().filter(|path| !is_archive(path)) {
            let more = now.version(path) - self.after.version(path);
            assert!(more <= u64::from(path == "db"), "{scenario}: {path} was written {more} times more");
        }
    }
}
