//! What a run knows of deployments from earlier ones, and hands on to the next:
//! what was read once and nothing has touched since is not read again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::orphans::rfc3339;
use super::report::{InstanceOutcome, InstanceReport};
use super::survey::Survey;
use super::tally::Outcome;
use crate::model::{IndexEntry, InstanceId};
use crate::ports::{Conclusion, Hindrance, Left, Origin, Recollection, Recollections, Versions};
use crate::updater::{Finding, InstanceChange, Matched, Setting, Skip, grounds};

/// Codes of findings for which records were read.
const READ_FOR: [&str; 4] = ["record.differs", "record.states-another", "entry.unproven", "deployment.stray"];
/// Those that pass: what was read says when.
const PASSING: [&str; 2] = ["instance.in-operation", "manifest.newer"];

/// What a run remembers.
#[derive(Debug)]
pub(super) struct Memory<'a> {
    before: &'a Recollections,
    setting: Setting,
    now: DateTime<Utc>,
    concluded: Mutex<HashMap<String, Conclusion>>,
    traced: Mutex<BTreeMap<String, Origin>>,
    left: Mutex<HashMap<String, Left>>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(before: &'a Recollections, setting: Setting, now: DateTime<Utc>) -> Self {
        Self {
            before,
            setting,
            now,
            concluded: Mutex::default(),
            traced: Mutex::default(),
            left: Mutex::default(),
        }
    }

    /// Whether a run that read every record did not come to this one's.
    pub(super) fn is_unverified(&self, deployment: &str) -> bool {
        self.conclusion(deployment) == Some(&Conclusion::Unverified)
    }

    /// Whether an earlier run left the records alone, for what it read there.
    pub(super) fn is_left_alone(&self, deployment: &str) -> bool {
        matches!(self.conclusion(deployment), Some(Conclusion::LeftAlone { .. }))
    }

    /// What an earlier run concluded, if it would be concluded from the same
    /// today.
    pub(super) fn recall(&self, matched: &Matched<'_>) -> Option<&'a Conclusion> {
        let conclusion = self.conclusion(matched.summary.name.as_str())?;
        let is_over =
            matches!(conclusion, Conclusion::LeftAlone { until: Some(until), .. } if *until <= self.now);
        (!is_over && conclusion.grounds()? == grounds(matched, &self.setting)).then_some(conclusion)
    }

    /// What it means for a deployment that this was concluded earlier, and still
    /// is.
    pub(super) fn conclude(&self, deployment: &str, conclusion: &Conclusion) -> Option<Outcome> {
        let outcome = match conclusion {
            // An older release did not note when it read.
            Conclusion::LeftAlone { read_at: None, .. } => return None,
            Conclusion::LeftAlone { code, message, read_at: Some(at), .. } => {
                let code = READ_FOR.into_iter().chain(PASSING).find(|known| known == code)?;
                let message = format!("{message}; as read at {}, `run --full` looks again", rfc3339(*at));
                Outcome::Skipped(Finding::new(code, deployment, message))
            }
            Conclusion::Unverified => return None,
            Conclusion::Undated { .. } => Outcome::UpToDate(
                "nothing has changed since its records were read, which lack when it was made",
            ),
            Conclusion::Right { .. } => Outcome::UpToDate("nothing has changed since its records were read"),
        };
        lock(&self.concluded).insert(deployment.to_owned(), conclusion.clone());
        Some(outcome)
    }

    /// Notes that the records are right, though the index entry does not say so.
    pub(super) fn note_right(&self, matched: &Matched<'_>) {
        self.note(matched, |grounds| Conclusion::Right { grounds });
    }

    /// Notes that the records are right, or have just been written, but for when
    /// the instance was made: its entry will be as the change leaves it.
    pub(super) fn note_undated(&self, matched: &Matched<'_>, change: &InstanceChange) {
        let there = matched.entry.map(|entry| &entry.fields);
        let written = change.entry.fields.apply(there);
        let entry = written.map(|fields| IndexEntry::new(change.instance.clone(), fields));
        let matched = Matched { entry: entry.as_ref().or(matched.entry), ..*matched };
        self.note(&matched, |grounds| Conclusion::Undated { grounds });
    }

    /// Notes why the records are left alone, if they were read for that.
    pub(super) fn note_left_alone(&self, matched: &Matched<'_>, skip: &Skip) {
        let Skip { finding, until } = skip;
        if READ_FOR.contains(&finding.code) || until.is_some() && PASSING.contains(&finding.code) {
            let (code, message) = (finding.code.to_owned(), finding.message.clone());
            let (read_at, until) = (Some(self.now), *until);
            self.note(matched, |grounds| Conclusion::LeftAlone { grounds, code, message, read_at, until });
        }
    }

    fn note(&self, matched: &Matched<'_>, conclude: impl FnOnce(String) -> Conclusion) {
        let conclusion = conclude(grounds(matched, &self.setting));
        lock(&self.concluded).insert(matched.summary.name.to_string(), conclusion);
    }

    /// The versions of an instance's records as the last run left them.
    pub(super) fn left(&self, deployment: &str, instance: &InstanceId) -> Option<Versions> {
        let left = self.before.get(deployment)?.left.as_ref()?;
        (left.place == self.setting.place(instance)).then_some(left.versions)
    }

    /// Notes the versions of an instance's records as this run leaves them.
    pub(super) fn note_left(&self, deployment: &str, instance: &InstanceId, versions: Versions) {
        let place = self.setting.place(instance);
        lock(&self.left).insert(deployment.to_owned(), Left { place, versions });
    }

    /// Where a deployment comes from, if that was found out before.
    pub(super) fn origin(&self, deployment: &str) -> Option<&'a Origin> {
        self.before.get(deployment)?.origin.as_ref()
    }

    /// Notes where a deployment comes from.
    pub(super) fn note_origin(&self, deployment: &str, origin: Origin) {
        lock(&self.traced).insert(deployment.to_owned(), origin);
    }

    fn conclusion(&self, deployment: &str) -> Option<&'a Conclusion> {
        self.before.get(deployment)?.conclusion.as_ref()
    }

    /// What the next run has to know of deployments: of those that are there, and
    /// what was found out about those that are not. `told` says what became of
    /// what was looked at, `filtered` that others were left out, and `full` that
    /// every record there is was to be read.
    pub(super) fn handed_on(
        &self,
        survey: &Survey,
        told: &[InstanceReport],
        hindered: &BTreeMap<String, Hindrance>,
        (full, filtered): (bool, bool),
    ) -> Recollections {
        let (concluded, traced, left) = (lock(&self.concluded), lock(&self.traced), lock(&self.left));
        let told: HashMap<&str, InstanceOutcome> =
            told.iter().map(|one| (one.deployment.as_str(), one.outcome)).collect();
        let recollection = |deployment: &str, is_matched: bool, may_match: bool| {
            let is_read = match told.get(deployment) {
                Some(outcome) => matches!(outcome, InstanceOutcome::Changed | InstanceOutcome::Unchanged),
                None if is_matched && filtered => {
                    return self.before.get(deployment).cloned().unwrap_or_default();
                }
                None => !may_match,
            };
            let owed = !is_read && (full && !filtered || self.is_unverified(deployment));
            let unread = owed.then_some(Conclusion::Unverified);
            let before = self.before.get(deployment).filter(|_| is_read);
            Recollection {
                left: left.get(deployment).or(before.and_then(|before| before.left.as_ref())).cloned(),
                conclusion: concluded.get(deployment).cloned().or(unread),
                origin: traced.get(deployment).or(self.origin(deployment).filter(|_| filtered)).cloned(),
                hindrance: None,
            }
        };
        let decided = survey.decisions.iter().map(|decision| {
            let deployment = decision.deployment.as_str();
            let may_match = decision.is_degraded() || !decision.ranking.is_empty();
            (deployment.to_owned(), recollection(deployment, decision.identity().is_some(), may_match))
        });
        let absent = hindered.iter().map(|(deployment, hindrance)| {
            let hindrance = Some(hindrance.clone());
            (deployment.clone(), Recollection { hindrance, ..Recollection::default() })
        });
        let decided = decided.filter(|(_, recollection)| *recollection != Recollection::default());
        absent.chain(decided).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
