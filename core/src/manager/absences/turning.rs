//! Turns entries missing and stale that have been absent long enough, if nothing
//! speaks against it: neither the Director, nor the store.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};

use super::limit::{likely_cause, refusal};
use super::{Absences, names};
use crate::backup::OtherReconciler;
use crate::manager::orphans::looked_for;
use crate::manager::run::Reconciler;
use crate::manager::survey::Survey;
use crate::model::{DeploymentName, IndexEntry, InstanceId, layout};
use crate::ports::{Absence, Hindered, Hindrance, ManifestAnswer, PortError, PortErrorKind, Recollections};
use crate::synchronizer::{Waiting, broker_works_until, most_transitions};
use crate::updater::{
    EntryChange, FieldSet, Finding, Premise, Setting, Stamp, missing_marks, rfc3339, stale_marks, time,
};

/// How many entries are looked at if there are more than may turn missing: they
/// tell whether the Director's list is wrong.
const SAMPLE: usize = 5;

/// The entries that are due, by their place.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Those that have been absent long enough.
    pub(super) missing: Vec<usize>,
    /// Those that have been missing for so many days.
    pub(super) stale: Vec<(usize, i64)>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.stale.is_empty()
    }
}

/// Why entries wait, and what of that is worth remembering.
struct Waits {
    waiting: Waiting,
    why: Option<Hindered>,
}

/// What the Director says of an entry on a direct look.
enum Look {
    Gone,
    There(String),
    Unproven(String),
}

/// Turns entries of one survey.
pub(super) struct Turn<'a> {
    pub(super) run: &'a Reconciler<'a>,
    pub(super) survey: &'a Survey,
    pub(super) other: &'a OtherReconciler<'a>,
    /// The absent entries.
    pub(super) entries: &'a [&'a IndexEntry],
    /// Since when they are, this scan included.
    pub(super) known: &'a HashMap<&'a InstanceId, &'a Absence>,
    /// What the store said in earlier runs.
    pub(super) earlier: &'a Recollections,
    pub(super) setting: Setting,
    pub(super) stamp: Stamp,
}

impl Turn<'_> {
    /// Turns what is due. The Director is asked first: only of what is gone by its
    /// word the store is asked whether somebody is at work on it, and only if an
    /// earlier run did not hear so.
    pub(super) async fn turn(&self, absences: &mut Absences, due: &Due) {
        let all: Vec<usize> =
            due.missing.iter().copied().chain(due.stale.iter().map(|(at, _)| *at)).collect();
        let allowed = self.run.options.allow_missing.unwrap_or(0);
        let limit = most_transitions(self.survey.facts.index.len()).max(allowed);
        let is_beyond = due.missing.len() > limit;
        self.leave_out(absences, &all);
        let open = still_open(absences, &all);
        if open.is_empty() && !is_beyond {
            return;
        }
        let recalled: Vec<Option<&Hindrance>> =
            open.iter().map(|at| self.recall(self.entries[*at])).collect();
        for at in &open {
            absences.forget(self.entries[*at]);
        }
        let is_signed = !self.run.options.coexist && self.other.known().is_some();
        if is_signed {
            return wait(absences, &all, &Waiting::AnotherReconciler);
        }
        // Whatever all of them waited for keeps all of them waiting.
        let common = recalled
            .first()
            .copied()
            .flatten()
            .filter(|first| recalled.iter().all(|one| one.is_some_and(|one| one.why == first.why)));
        match common.map(|common| &common.why) {
            Some(why @ (Hindered::AnotherReconciler | Hindered::ArchivesDenied { .. }))
                if !self.run.options.coexist =>
            {
                if *why == Hindered::AnotherReconciler {
                    self.other.was_noticed();
                }
                for (at, hindrance) in open.iter().zip(recalled.into_iter().flatten()) {
                    absences.hinder(*at, self.entries[*at], hindrance);
                }
                return;
            }
            Some(Hindered::Limit) if is_beyond => {}
            _ if is_beyond => {
                if let Some(waits) = self.beside().await {
                    return self.hold_up(absences, &all, &waits);
                }
            }
            _ => {
                for (at, hindrance) in open.iter().zip(&recalled) {
                    if let Some(hindrance) = hindrance.filter(|one| is_its_own(&one.why)) {
                        absences.hinder(*at, self.entries[*at], hindrance);
                    }
                }
            }
        }
        let looked_at = still_open(absences, &due.missing);
        let sample = if is_beyond { SAMPLE.min(looked_at.len()) } else { looked_at.len() };
        self.look(absences, &looked_at[..sample]).await;
        if absences.is_contradicted() {
            // A list that was wrong once proves nothing.
            wait(absences, &all, &Waiting::IncompleteScan);
        }
        if is_beyond {
            return self.refuse(absences, due, (&all, limit));
        }
        if still_open(absences, &all).is_empty() {
            return;
        }
        if let Some(waits) = self.beside().await {
            return self.hold_up(absences, &all, &waits);
        }
        self.ask_broker(absences, still_open(absences, &due.missing)).await;
        let now = self.stamp.at;
        for at in still_open(absences, &due.missing) {
            self.write(absences, at, missing_marks(self.stamp), now);
        }
        for (at, days) in &due.stale {
            if absences.entries[*at].waiting.is_some() {
                continue;
            }
            let fields = &self.entries[*at].fields;
            let since = time(fields, "orphaned_at").unwrap_or(now);
            self.write(absences, *at, stale_marks(fields, *days), since);
        }
    }

    /// Of what cannot turn in this run nothing is asked.
    fn leave_out(&self, absences: &mut Absences, due: &[usize]) {
        for at in due {
            let (absent, entry) = (&mut absences.entries[*at], self.entries[*at]);
            if !self.run.options.filter.admits_entry(entry) {
                absent.waiting.get_or_insert(Waiting::FilteredOut);
            } else if let Some(name) = names(entry).iter().find(|name| DeploymentName::new(name).is_err()) {
                absent.waiting.get_or_insert(Waiting::Unproven { why: no_name(name) });
            }
        }
    }

    /// What an earlier run heard of an entry, if that still counts.
    fn recall(&self, entry: &IndexEntry) -> Option<&Hindrance> {
        let hindrance = self.earlier.get(&looked_for(entry)?)?.hindrance.as_ref()?;
        let is_over = matches!(hindrance.why, Hindered::Task { until } if until <= self.stamp.at);
        (!is_over && hindrance.grounds == self.setting.grounds_of_absent(entry)).then_some(hindrance)
    }

    /// Why nothing may turn beside another reconciler, if there is one or it is not
    /// known.
    async fn beside(&self) -> Option<Waits> {
        if self.run.options.coexist {
            return None;
        }
        match self.other.sign().await {
            Ok(None) => None,
            Ok(Some(_)) => {
                Some(Waits { waiting: Waiting::AnotherReconciler, why: Some(Hindered::AnotherReconciler) })
            }
            Err(error) => Some(unread(&error, |why| Hindered::ArchivesDenied { why })),
        }
    }

    /// Asks the broker's own tasks whether it is at work on what is gone.
    async fn ask_broker(&self, absences: &mut Absences, gone: Vec<usize>) {
        let mut asked = stream::iter(gone)
            .map(|at| async move {
                let waits = match self.run.store.read(&layout::task(&self.entries[at].instance)).await {
                    Ok(slot) => {
                        slot.data().and_then(|task| broker_works_until(task, self.stamp)).map(|until| Waits {
                            waiting: Waiting::TaskInFlight,
                            why: Some(Hindered::Task { until }),
                        })
                    }
                    Err(error) => Some(unread(&error, |why| Hindered::TaskDenied { why })),
                };
                (at, waits)
            })
            .buffered(self.run.options.concurrency.max(1));
        while let Some((at, waits)) = asked.next().await {
            if let Some(waits) = waits {
                self.hold_up(absences, &[at], &waits);
            }
        }
    }

    /// Asks the Director itself for the deployments of entries.
    async fn look(&self, absences: &mut Absences, entries: &[usize]) {
        let mut looks = stream::iter(entries.to_vec())
            .map(|at| async move { (at, self.ask_director(self.entries[at]).await) })
            .buffered(self.run.options.concurrency.max(1));
        while let Some((at, look)) = looks.next().await {
            let absent = &mut absences.entries[at];
            match look {
                Look::Gone => absent.evidence.push("the Director does not know it".to_owned()),
                Look::Unproven(why) => absent.waiting = Some(Waiting::Unproven { why }),
                Look::There(name) => {
                    absent.waiting = Some(Waiting::Listed { deployment: name.clone() });
                    let message =
                        format!("`{name}` is not in the Director's list, and is there on a direct look");
                    absences.findings.push(Finding::new("scan.list-contradicted", &absent.instance, message));
                    absences.seen.insert(self.entries[at].instance.clone());
                }
            }
        }
    }

    /// Asks the Director itself for the deployments that may be the entry's.
    async fn ask_director(&self, entry: &IndexEntry) -> Look {
        for name in names(entry) {
            let Ok(asked) = DeploymentName::new(&name) else { return Look::Unproven(no_name(&name)) };
            match self.run.director.manifest(&asked).await {
                Ok(ManifestAnswer::Gone) => {}
                Ok(ManifestAnswer::Found(_) | ManifestAnswer::Null) => return Look::There(name),
                Err(error) => return Look::Unproven(error.to_string()),
            }
        }
        Look::Gone
    }

    /// Nothing turns, stale ones neither: something is odd.
    fn refuse(&self, absences: &mut Absences, due: &Due, (all, limit): (&[usize], usize)) {
        let observed = due.missing.len();
        let waits = Waits {
            waiting: Waiting::BeyondLimit { limit, observed },
            why: (!self.run.options.coexist).then_some(Hindered::Limit),
        };
        self.hold_up(absences, all, &waits);
        let firsts = due.missing.iter().map(|at| self.first_absent(self.entries[*at])).collect();
        let cause = likely_cause(self.survey, absences.is_contradicted(), firsts);
        absences.refusal = Some(refusal(observed, self.survey.facts.index.len(), limit, &cause));
    }

    fn first_absent(&self, entry: &IndexEntry) -> Option<DateTime<Utc>> {
        self.known.get(&entry.instance).map(|one| one.first_absent_at)
    }

    /// Lets those of these entries wait that do not yet.
    fn hold_up(&self, absences: &mut Absences, entries: &[usize], waits: &Waits) {
        wait(absences, entries, &waits.waiting);
        let Some(why) = &waits.why else { return };
        for entry in entries.iter().map(|at| self.entries[*at]) {
            let grounds = self.setting.grounds_of_absent(entry);
            absences.remember_of(entry, Hindrance { grounds, read_at: self.stamp.at, why: why.clone() });
        }
    }

    /// Lets an entry turn.
    fn write(&self, absences: &mut Absences, at: usize, fields: FieldSet, since: DateTime<Utc>) {
        let entry = self.entries[at];
        absences.turning.push((at, since));
        absences.changes.push(EntryChange {
            instance: entry.instance.clone(),
            fields,
            creates: false,
            only_if: Some(Premise::Whole(entry.fields.clone())),
        });
    }
}

impl Absences {
    /// Lets an entry wait for what an earlier run heard.
    fn hinder(&mut self, at: usize, entry: &IndexEntry, hindrance: &Hindrance) {
        let absent = &mut self.entries[at];
        absent.waiting = Some(match &hindrance.why {
            Hindered::Task { .. } => Waiting::TaskInFlight,
            Hindered::AnotherReconciler => Waiting::AnotherReconciler,
            Hindered::TaskDenied { why } | Hindered::ArchivesDenied { why } => {
                Waiting::Unproven { why: why.clone() }
            }
            Hindered::Limit => return,
        });
        absent.as_read_at = Some(rfc3339(hindrance.read_at));
        self.remember_of(entry, hindrance.clone());
    }

    fn remember_of(&mut self, entry: &IndexEntry, hindrance: Hindrance) {
        if let Some(name) = looked_for(entry) {
            self.hindered.insert(name, hindrance);
        }
    }

    fn forget(&mut self, entry: &IndexEntry) {
        if let Some(name) = looked_for(entry) {
            self.hindered.remove(&name);
        }
    }
}

/// Those of some entries that nothing keeps from turning, so far.
fn still_open(absences: &Absences, entries: &[usize]) -> Vec<usize> {
    entries.iter().copied().filter(|at| absences.entries[*at].waiting.is_none()).collect()
}

fn wait(absences: &mut Absences, entries: &[usize], waiting: &Waiting) {
    for at in entries {
        absences.entries[*at].waiting.get_or_insert_with(|| waiting.clone());
    }
}

/// Whether a hindrance is one entry's own.
fn is_its_own(why: &Hindered) -> bool {
    matches!(why, Hindered::Task { .. } | Hindered::TaskDenied { .. })
}

/// Why to wait if something cannot be read; it is worth remembering only where it
/// lasts.
fn unread(error: &PortError, denied: impl FnOnce(String) -> Hindered) -> Waits {
    let why = error.to_string();
    let lasts = error.kind == PortErrorKind::Denied;
    Waits { waiting: Waiting::Unproven { why: why.clone() }, why: lasts.then(|| denied(why)) }
}

fn no_name(name: &str) -> String {
    format!("`{}` is no deployment's name", name.escape_debug())
}
