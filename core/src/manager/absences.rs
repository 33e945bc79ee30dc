//! Entries without a deployment: counts them over complete scans, and proves of
//! those that have been absent long enough that they are gone.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};

use super::orphans::{AbsentInstance, EntryState, looked_for, rfc3339};
use super::report::GuardRefusal;
use super::run::{Reconciler, RunError};
use super::survey::Survey;
use crate::backup::OtherReconciler;
use crate::model::{DeploymentName, IndexEntry, InstanceId, layout};
use crate::ports::{Absence, DirectorTask, ManifestAnswer, PortError, RunState};
use crate::synchronizer::{
    AbsentEntry, Waiting, broker_works, counted, may_turn_missing, most_transitions, newly_stale,
};
use crate::updater::{EntryChange, Finding, Premise, Stamp, missing_marks, stale_marks, time};

/// How many entries are looked at if there are more than may turn missing: they
/// tell whether the Director's list is wrong.
const SAMPLE: usize = 5;

/// What became of the entries that no deployment speaks for.
#[derive(Debug, Default)]
pub(super) struct Absences {
    /// The entries, in the order of the index, as they stand.
    pub(super) entries: Vec<AbsentInstance>,
    /// What is to be written into the index.
    pub(super) changes: Vec<EntryChange>,
    /// The entries that turn by that, by their place, each with since when.
    turning: Vec<(usize, DateTime<Utc>)>,
    /// Why nothing turned, though everything else spoke for it.
    pub(super) refusal: Option<GuardRefusal>,
    /// What people should know beside.
    pub(super) findings: Vec<Finding>,
    /// The absent instances, if the scan counts.
    absent: Option<BTreeSet<InstanceId>>,
    /// The instances that were absent and are not any more.
    seen: BTreeSet<InstanceId>,
}

/// What the proof of an absence says.
enum Proof {
    Gone,
    There(String),
    Waiting(Waiting),
}

impl Absences {
    /// Whether the Director's list turned out to lack what is there.
    pub(super) fn is_contradicted(&self) -> bool {
        self.findings.iter().any(|finding| finding.code == "scan.list-contradicted")
    }

    /// Says in how many scans entries were absent without the one of this look,
    /// which counts for nothing.
    pub(super) fn uncounted(&mut self, before: &[Absence]) {
        for absent in &mut self.entries {
            let known = before.iter().find(|one| one.instance.as_str() == absent.instance);
            let scans = known.map_or(0, |one| one.complete_scans);
            absent.complete_scans = absent.complete_scans.map(|_| scans);
            if let Some(Waiting::TooFewScans { scans: told, .. }) = &mut absent.waiting {
                *told = scans;
            }
        }
    }

    /// The entries as they are once the index is written, with what speaks for
    /// them and what to do. `written` are the instances whose marks stand there
    /// now, or would.
    pub(super) fn settled(&self, written: &HashSet<&str>, now: DateTime<Utc>) -> Vec<AbsentInstance> {
        let mut entries = self.entries.clone();
        for (at, since) in &self.turning {
            let absent = &mut entries[*at];
            if written.contains(absent.instance.as_str()) {
                absent.turn(*since, now);
            } else {
                absent.waiting = Some(Waiting::NotWritten);
            }
        }
        entries.iter_mut().for_each(AbsentInstance::conclude);
        entries
    }

    /// The entries as they stand, with what speaks for them and what to do.
    pub(super) fn as_they_stand(&self) -> Vec<AbsentInstance> {
        let mut entries = self.entries.clone();
        entries.iter_mut().for_each(AbsentInstance::conclude);
        entries
    }

    /// Tells the state what this scan saw. What was seen is not absent any more,
    /// whatever else is unknown; only a complete scan counts the others.
    pub(super) fn remember(&self, state: &dyn RunState, at: DateTime<Utc>) -> Result<(), PortError> {
        match &self.absent {
            Some(absent) => state.record_complete_scan(absent, at).map(|_| ()),
            None if self.seen.is_empty() => Ok(()),
            None => state.forget_absences(&self.seen),
        }
    }
}

impl Reconciler<'_> {
    /// Finds out what may be concluded about the entries that no deployment
    /// speaks for. Writes nothing, and counts nothing yet.
    pub(super) async fn absences(
        &self,
        survey: &Survey,
        tasks: &[DirectorTask],
        other: &OtherReconciler<'_>,
        stamp: Stamp,
    ) -> Result<Absences, RunError> {
        let now = stamp.at;
        let complete = survey.is_complete();
        let entries: Vec<&IndexEntry> = survey.absent_entries().collect();
        let ids: BTreeSet<InstanceId> = entries.iter().map(|entry| entry.instance.clone()).collect();
        let before = self.state.map(|state| state.absences()).transpose()?;
        let known = match &before {
            Some(before) if complete => Some(counted(before, &ids, now)),
            before => before.clone(),
        };
        let absence = |entry: &IndexEntry| known.iter().flatten().find(|one| one.instance == entry.instance);
        let mut absences = Absences {
            seen: before
                .iter()
                .flatten()
                .map(|one| one.instance.clone())
                .filter(|id| !ids.contains(id))
                .collect(),
            ..Absences::default()
        };
        let mut missing = Vec::new();
        let mut stale = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let mut absent = AbsentInstance::of(entry, now);
            let remembered = absence(entry);
            absent.complete_scans = remembered.map(|one| one.complete_scans);
            let verdict = may_turn_missing(
                AbsentEntry { entry, absence: remembered, task_in_flight: has_task(entry, tasks) },
                complete,
                self.options.interval,
                now,
            );
            match (absent.state, verdict) {
                (EntryState::Absent, verdict) => {
                    absent.begun(remembered.map(|one| one.first_absent_at), now);
                    match verdict {
                        Ok(()) => missing.push(at),
                        Err(Waiting::IncompleteScan) => absent.state = EntryState::Unknown,
                        Err(waiting) => absent.waiting = Some(waiting),
                    }
                }
                (EntryState::Missing, Ok(())) => {
                    stale.extend(newly_stale(&entry.fields, now).map(|days| (at, days)));
                }
                // It is due, and something else has to be ruled out first.
                (EntryState::Missing, Err(waiting)) if newly_stale(&entry.fields, now).is_some() => {
                    absent.waiting = Some(waiting);
                }
                _ => {}
            }
            absences.entries.push(absent);
        }
        for (entry, name) in survey.named_entries() {
            let waiting = Some(Waiting::NamedByAnother { deployment: name.to_string() });
            absences.entries.push(AbsentInstance { waiting, ..AbsentInstance::of(entry, now) });
        }
        // A dry run counts nothing anyway.
        let is_run = !self.options.dry_run;
        if is_run
            && before.is_none()
            && absences.entries.iter().any(|one| one.waiting == Some(Waiting::NoState))
        {
            let message =
                "nothing is remembered between runs, so no entry turns missing; --state names a file";
            absences.findings.push(Finding::new("state.none", &survey.scan.info.name, message));
        }
        if !missing.is_empty() || !stale.is_empty() {
            self.turn(&mut absences, &entries, (missing, stale), (survey, known.as_deref(), other), stamp)
                .await;
        }
        if complete && !absences.is_contradicted() {
            absences.absent = Some(ids);
        }
        Ok(absences)
    }

    /// Turns entries missing and stale, if nothing speaks against it.
    async fn turn(
        &self,
        absences: &mut Absences,
        entries: &[&IndexEntry],
        (missing, stale): (Vec<usize>, Vec<(usize, i64)>),
        (survey, known, other): (&Survey, Option<&[Absence]>, &OtherReconciler<'_>),
        stamp: Stamp,
    ) {
        let due: Vec<usize> = missing.iter().copied().chain(stale.iter().map(|(at, _)| *at)).collect();
        let wait = |absences: &mut Absences, at: &[usize], waiting: &Waiting| {
            for at in at {
                absences.entries[*at].waiting.get_or_insert_with(|| waiting.clone());
            }
        };
        let limit = most_transitions(survey.facts.index.len()).max(self.options.allow_missing.unwrap_or(0));
        let is_beyond = missing.len() > limit;
        // Of what cannot turn in this run nothing is asked.
        for at in &due {
            let (absent, entry) = (&mut absences.entries[*at], entries[*at]);
            if !self.options.filter.admits_entry(entry) {
                absent.waiting.get_or_insert(Waiting::FilteredOut);
            } else if let Some(name) = names(entry).iter().find(|name| DeploymentName::new(name).is_err()) {
                let why = format!("`{}` is no deployment's name", name.escape_debug());
                absent.waiting.get_or_insert(Waiting::Unproven { why });
            }
        }
        let is_open = |at: &usize| absences.entries[*at].waiting.is_none();
        let open: Vec<usize> = missing.iter().copied().filter(is_open).collect();
        if !due.iter().any(is_open) && !is_beyond {
            return;
        }
        if !self.options.coexist {
            match other.sign().await {
                Ok(None) => {}
                Ok(Some(_)) => return wait(absences, &due, &Waiting::AnotherReconciler),
                Err(error) => {
                    return wait(absences, &due, &Waiting::Unproven { why: error.to_string() });
                }
            }
        }
        let looked_at = &open[..if is_beyond { SAMPLE.min(open.len()) } else { open.len() }];
        let proofs: Vec<Proof> = stream::iter(looked_at.to_vec())
            .map(|at| async move {
                // Beyond the limit nothing turns: only the list is in question.
                let waits = if is_beyond { None } else { self.ask_broker(entries[at], stamp.at).await };
                match waits {
                    Some(waiting) => Proof::Waiting(waiting),
                    None => self.ask_director(entries[at]).await,
                }
            })
            .buffered(self.options.concurrency.max(1))
            .collect()
            .await;
        for (at, proof) in looked_at.iter().zip(&proofs) {
            let absent = &mut absences.entries[*at];
            match proof {
                Proof::Gone => absent.evidence.push("the Director does not know it".to_owned()),
                Proof::Waiting(waiting) => absent.waiting = Some(waiting.clone()),
                Proof::There(name) => {
                    absent.waiting = Some(Waiting::Listed { deployment: name.clone() });
                    let message =
                        format!("`{name}` is not in the Director's list, and is there on a direct look");
                    absences.findings.push(Finding::new("scan.list-contradicted", &absent.instance, message));
                    absences.seen.insert(entries[*at].instance.clone());
                }
            }
        }
        if absences.is_contradicted() {
            // A list that was wrong once proves nothing.
            wait(absences, &due, &Waiting::IncompleteScan);
        }
        if is_beyond {
            let observed = missing.len();
            // Nothing turns, stale ones neither: something is odd.
            wait(absences, &due, &Waiting::BeyondLimit { limit, observed });
            let firsts = missing.iter().map(|at| first_absent(known, entries[*at])).collect();
            let cause = likely_cause(survey, absences.is_contradicted(), firsts);
            absences.refusal = Some(refusal(observed, survey.facts.index.len(), limit, &cause));
        }
        let now = stamp.at;
        let mut write = |at: usize, fields, since| {
            let (absent, entry) = (&mut absences.entries[at], entries[at]);
            if absent.waiting.is_some() {
                return;
            }
            absences.turning.push((at, since));
            absences.changes.push(EntryChange {
                instance: entry.instance.clone(),
                fields,
                creates: false,
                only_if: Some(Premise::Whole(entry.fields.clone())),
            });
        };
        for at in missing {
            write(at, missing_marks(stamp), now);
        }
        for (at, days) in stale {
            let since = time(&entries[at].fields, "orphaned_at").unwrap_or(now);
            write(at, stale_marks(&entries[at].fields, days), since);
        }
    }

    /// Why an entry waits by the broker's own task, if it does.
    async fn ask_broker(&self, entry: &IndexEntry, now: DateTime<Utc>) -> Option<Waiting> {
        match self.store.read(&layout::task(&entry.instance)).await {
            Ok(slot) => {
                slot.data().is_some_and(|task| broker_works(task, now)).then_some(Waiting::TaskInFlight)
            }
            Err(error) => Some(Waiting::Unproven { why: error.to_string() }),
        }
    }

    /// Asks the Director itself for the deployments that may be the entry's.
    async fn ask_director(&self, entry: &IndexEntry) -> Proof {
        let unproven = |why: String| Proof::Waiting(Waiting::Unproven { why });
        for name in names(entry) {
            let Ok(asked) = DeploymentName::new(&name) else {
                return unproven(format!("`{}` is no deployment's name", name.escape_debug()));
            };
            match self.director.manifest(&asked).await {
                Ok(ManifestAnswer::Gone) => {}
                Ok(ManifestAnswer::Found(_) | ManifestAnswer::Null) => return Proof::There(name),
                Err(error) => return unproven(error.to_string()),
            }
        }
        Proof::Gone
    }
}

/// The deployments that may be the entry's: the one that the broker would have
/// named, and the one that the entry names.
fn names(entry: &IndexEntry) -> BTreeSet<String> {
    let recorded = entry.fields.text("deployment_name").filter(|name| !name.is_empty());
    looked_for(entry).into_iter().chain(recorded).collect()
}

fn has_task(entry: &IndexEntry, tasks: &[DirectorTask]) -> bool {
    let names = names(entry);
    tasks.iter().filter_map(|task| task.deployment.as_ref()).any(|name| names.contains(name))
}

fn first_absent(known: Option<&[Absence]>, entry: &IndexEntry) -> Option<DateTime<Utc>> {
    known?.iter().find(|one| one.instance == entry.instance).map(|one| one.first_absent_at)
}

/// What most likely lets so many entries seem to be without a deployment.
fn likely_cause(survey: &Survey, contradicted: bool, firsts: BTreeSet<Option<DateTime<Utc>>>) -> String {
    if contradicted {
        return "the Director's list lacks deployments that are there".to_owned();
    }
    if let Some(fewer) = survey.findings.iter().find(|finding| finding.code == "scan.fewer-deployments") {
        return fewer.message.clone();
    }
    let scopes = match &survey.scan.info.scopes {
        Some(scopes) => format!("the credentials see what {} lets them", scopes.join(", ")),
        None => "what the credentials see is not known".to_owned(),
    };
    match firsts.first() {
        Some(Some(at)) if firsts.len() == 1 => format!(
            "all of them are absent since the same scan, at {}: deployments were deleted together, or the \
             Director shows less since then ({scopes})",
            rfc3339(*at)
        ),
        _ => {
            format!("deployments were deleted by other means than the broker, or are out of sight: {scopes}")
        }
    }
}

fn refusal(observed: usize, entries: usize, limit: usize, cause: &str) -> GuardRefusal {
    GuardRefusal {
        guard: "absence.limit",
        limit,
        observed,
        message: format!(
            "{observed} of {entries} entries would turn missing in this run, and at most {limit} may; none does. \
             Most likely: {cause}"
        ),
        advice: format!(
            "look at them with `orphans list`, and with `doctor` at what the credentials see; if all are gone, \
             allow it once with `run --allow-missing {observed}`"
        ),
    }
}
