//! Entries without a deployment: counts them over complete scans, and proves of
//! those that have been absent long enough that they are gone.

mod doubt;
mod limit;
mod turning;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use self::doubt::Doubts;
use self::turning::{Due, Turn};
use super::orphans::{AbsentInstance, EntryState, looked_for};
use super::report::GuardRefusal;
use super::run::{Reconciler, RunError};
use super::survey::Survey;
use crate::backup::OtherReconciler;
use crate::model::{DeploymentName, IndexEntry, InstanceId};
use crate::ports::{Absence, CompleteScan, DirectorTask, Hindrance, PortError, Recollections, RunState};
use crate::synchronizer::{AbsentEntry, Waiting, longest_gap, may_turn_missing, newly_stale};
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
    /// What is counted, if the scan counts.
    counting: Option<CompleteScan>,
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
        let before: HashMap<&str, u32> =
            before.iter().map(|one| (one.instance.folded(), one.complete_scans)).collect();
        for absent in &mut self.entries {
            let instance = InstanceId::new(&absent.instance).ok();
            let scans = instance.and_then(|id| before.get(id.folded()).copied()).unwrap_or(0);
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
    pub(super) fn remember(&self, state: &dyn RunState) -> Result<(), PortError> {
        match &self.counting {
            Some(scan) => state.record_complete_scan(scan).map(|_| ()),
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
        let complete = survey.scan.completeness.is_complete();
        let doubts = Doubts::of(survey);
        let entries: Vec<&IndexEntry> = survey.absent_entries().collect();
        let may_be: Vec<_> = entries.iter().map(|entry| doubts.about(entry)).collect();
        let scan = self.counting(&entries, &may_be, now);
        let before = self.state.map(|state| state.absences()).transpose()?;
        let known = match &before {
            Some(before) if complete => scan.counted(before),
            before => before.clone().unwrap_or_default(),
        };
        let known: HashMap<&InstanceId, &Absence> = known.iter().map(|one| (&one.instance, one)).collect();
        let mut absences = Absences {
            seen: before
                .iter()
                .flatten()
                .map(|one| one.instance.clone())
                .filter(|id| !scan.absent.contains(id) && !scan.unknown.contains(id))
                .collect(),
            ..Absences::default()
        };
        let mut due = Due::default();
        for (at, entry) in entries.iter().enumerate() {
            let mut absent = AbsentInstance::of(entry, now);
            let remembered = known.get(&entry.instance).copied();
            absent.complete_scans = remembered.map(|one| one.complete_scans);
            let task_in_flight = has_task(entry, tasks);
            let what = AbsentEntry { entry, absence: remembered, task_in_flight, may_be: may_be[at] };
            let verdict = may_turn_missing(what, complete, self.options.interval, stamp);
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
        if let Some(other) = self.state.map(|state| state.other_store()).transpose()?.flatten() {
            let message = format!(
                "what is remembered there is of the records in {other}; for these every record is read, and \
                 what is absent is counted anew"
            );
            let address = self.state.map(|state| state.address()).unwrap_or_default();
            absences.findings.push(Finding::new("state.another-store", address, message));
        }
        if !due.is_empty() {
            let (entries, known, setting) = (&entries[..], &known, self.setting(survey));
            let turn = Turn { run: self, survey, other, entries, known, earlier, setting, stamp };
            turn.turn(&mut absences, &due).await;
        }
        if complete && !absences.is_contradicted() {
            absences.counting = Some(scan);
        }
        Ok(absences)
    }

    /// What a scan counts of entries, each with the deployment that may be its
    /// own.
    fn counting(
        &self,
        entries: &[&IndexEntry],
        may_be: &[Option<&DeploymentName>],
        at: DateTime<Utc>,
    ) -> CompleteScan {
        let of = |is_unknown: bool| {
            let chosen = entries.iter().zip(may_be).filter(move |(_, may_be)| may_be.is_some() == is_unknown);
            chosen.map(|(entry, _)| entry.instance.clone()).collect()
        };
        let longest_gap = longest_gap(self.options.interval);
        CompleteScan { at, absent: of(false), unknown: of(true), longest_gap }
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
