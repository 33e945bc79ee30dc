//! Entries without a deployment: counts them over complete scans, and proves of
//! those that have been absent long enough that they are gone.

mod limit;
mod turning;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};

use self::turning::{Due, Turn};
use super::orphans::{AbsentInstance, EntryState, looked_for};
use super::report::GuardRefusal;
use super::run::{Reconciler, RunError};
use super::survey::Survey;
use crate::backup::OtherReconciler;
use crate::model::{IndexEntry, InstanceId};
use crate::ports::{Absence, DirectorTask, Hindrance, PortError, Recollections, RunState};
use crate::synchronizer::{AbsentEntry, Waiting, counted, may_turn_missing, newly_stale};
use crate::updater::{EntryChange, Finding, Stamp};

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
    /// What the store says that keeps entries from turning, by the deployments
    /// that are not there: for the next run.
    pub(super) hindered: BTreeMap<String, Hindrance>,
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
    /// speaks for. Writes nothing, and counts nothing yet. `earlier` is what the
    /// store need not be asked again.
    pub(super) async fn absences(
        &self,
        survey: &Survey,
        tasks: &[DirectorTask],
        other: &OtherReconciler<'_>,
        earlier: &Recollections,
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
        let mut due = Due::default();
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
                        Ok(()) => due.missing.push(at),
                        Err(Waiting::IncompleteScan) => absent.state = EntryState::Unknown,
                        Err(waiting) => absent.waiting = Some(waiting),
                    }
                }
                (EntryState::Missing, Ok(())) => {
                    due.stale.extend(newly_stale(&entry.fields, now).map(|days| (at, days)));
                }
                // It is due, and something else has to be ruled out first.
                (EntryState::Missing, Err(waiting)) if newly_stale(&entry.fields, now).is_some() => {
                    absent.waiting = Some(waiting);
                }
                _ => {}
            }
            absences.entries.push(absent);
            let kept =
                looked_for(entry).and_then(|name| Some((earlier.get(&name)?.hindrance.clone()?, name)));
            absences.hindered.extend(kept.map(|(hindrance, name)| (name, hindrance)));
        }
        for (entry, name) in survey.named_entries() {
            let mut absent = AbsentInstance::of(entry, now);
            absent.waiting = Some(Waiting::NamedByAnother { deployment: name.to_string() });
            if absent.state == EntryState::Absent && !complete {
                absent.state = EntryState::Unknown;
            }
            absences.entries.push(absent);
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
        if !due.is_empty() {
            let (entries, known, setting) = (&entries[..], known.as_deref(), self.setting(survey));
            let turn = Turn { run: self, survey, other, entries, known, earlier, setting, stamp };
            turn.turn(&mut absences, &due).await;
        }
        if complete && !absences.is_contradicted() {
            absences.absent = Some(ids);
        }
        Ok(absences)
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
