//! The writer's part for what has no counterpart: entries that heal, turn
//! missing or stale, and deployments that are stray.

use std::collections::{HashMap, HashSet};

use futures_util::stream::{self, StreamExt};

use super::orphans::{AbsentInstance, EntryState, StrayDeployment};
use super::report::{Counts, OrphanReport};
use super::strays::KEPT_OUT;
use super::survey::Survey;
use super::tally::{Outcome, Tally};
use super::writer::Writer;
use crate::backup::BackupFolder;
use crate::model::{IndexEntry, InstanceId, layout};
use crate::scanner::Shortfall;
use crate::updater::{Change, EntryChange, FieldSet, Finding, Premise, bears_marks, fresh_operation, healed};

/// Findings about what has no counterpart, or two, besides absent entries and
/// strays.
const BESIDE: [&str; 11] = [
    "scan.uncounted",
    Shortfall::CLOCKS_APART,
    "index.fewer-entries",
    "deployment.duplicate",
    "plan.retired",
    "scan.list-contradicted",
    "scan.fewer-deployments",
    "scan.incomplete",
    "filter.fits-nothing",
    "strategy.failed",
    "strategy.suspended",
];

impl Writer<'_> {
    /// What heals though no records are written for it: an entry that says its
    /// deployment is not there, while it is. `written` are the entries whose
    /// records are in line; they heal along with these.
    pub(super) fn healed(&self, written: &[EntryChange]) -> Vec<EntryChange> {
        let written: HashSet<&InstanceId> = written.iter().map(|change| &change.instance).collect();
        let index = &self.survey.facts.index;
        let mut recorded: HashMap<String, Vec<&IndexEntry>> = HashMap::new();
        let marked = || index.entries().iter().filter(|entry| bears_marks(&entry.fields));
        for entry in marked() {
            let name = entry.fields.text("deployment_name");
            name.into_iter().for_each(|name| recorded.entry(name).or_default().push(entry));
        }
        if marked().next().is_none() {
            return Vec::new();
        }
        let decided = self.survey.decisions.iter().zip(&self.survey.scan.summaries);
        let mut seen = HashSet::new();
        decided
            .filter(|(_, summary)| !summary.locked && !self.busy.contains(summary.name.as_str()))
            .flat_map(|(decision, summary)| {
                // One that is another instance's by now says nothing of it.
                let is_its_own = |entry: &&IndexEntry| {
                    decision.identity().is_none_or(|identity| identity.instance == entry.instance)
                };
                let by_record = recorded.get(summary.name.as_str()).into_iter().flatten().copied();
                let by_record = by_record.filter(is_its_own);
                let by_identity = decision.identity().and_then(|identity| index.entry(&identity.instance));
                index
                    .expecting(summary.name.as_str())
                    .chain(by_record)
                    .chain(by_identity)
                    .filter(|entry| {
                        let filter = &self.run.options.filter;
                        filter.admits(decision) || filter.admits_entry(entry)
                    })
                    .collect::<Vec<_>>()
            })
            .filter(|entry| bears_marks(&entry.fields) && !layout::is_held(&entry.fields))
            .filter(|entry| fresh_operation(&entry.fields, self.stamp).is_none())
            .filter(|entry| !written.contains(&entry.instance) && seen.insert(entry.instance.as_str()))
            .map(|entry| EntryChange {
                instance: entry.instance.clone(),
                fields: healed(FieldSet::default(), &entry.fields),
                creates: false,
                only_if: Some(Premise::Deciding { read: entry.fields.clone(), stamp: self.stamp }),
            })
            .collect()
    }

    /// Keeps what stands there of entries that change without their records.
    /// What cannot be kept is left as it is.
    pub(super) async fn kept(&self, changes: Vec<EntryChange>, tally: &mut Tally) -> Vec<EntryChange> {
        if self.errand.dry_run {
            return changes;
        }
        let mut backups = stream::iter(changes)
            .map(|change| async move { (self.backups.take_before(&change).await, change) })
            .buffered(self.run.options.concurrency.max(1));
        let mut kept = Vec::new();
        while let Some((backup, change)) = backups.next().await {
            match backup {
                Ok(backup) => {
                    tally.kept(backup);
                    kept.push(change);
                }
                Err(error) => tally.not_kept(&change.instance, &error),
            }
        }
        kept
    }

    /// The absent entries as they are now, and how many there are of each kind.
    pub(super) fn settled(&self, changes: &[Change], counts: &mut Counts) -> Vec<AbsentInstance> {
        let became = |change: &Change, field: &str, value: Option<&str>| {
            change.path.starts_with(layout::INDEX)
                && change.fields.iter().any(|one| one.field == field && one.after.as_deref() == value)
        };
        counts.healed = changes.iter().filter(|change| became(change, "orphaned", None)).count();
        let marked = |change: &&Change| {
            became(change, "orphaned", Some("true")) || became(change, "stale", Some("true"))
        };
        let marked: HashSet<&str> = changes.iter().filter(marked).map(|change| &*change.instance).collect();
        counts.marked = marked.len();
        let absent = self.absences.settled(&marked, self.stamp.at);
        count(&absent, counts);
        let filter = &self.run.options.filter;
        let admitted =
            |one: &AbsentInstance| self.entry(&one.instance).is_some_and(|entry| filter.admits_entry(entry));
        absent.into_iter().filter(|one| filter.is_open() || admitted(one)).collect()
    }

    fn entry(&self, instance: &str) -> Option<&IndexEntry> {
        self.survey.facts.index.entry(&InstanceId::new(instance).ok()?)
    }

    /// The strays, by what became of matched deployments without an entry.
    pub(super) async fn strays(&self, findings: &mut Vec<Finding>) -> Vec<StrayDeployment> {
        if self.survey.scan.completeness.is_of_another_director() {
            return Vec::new();
        }
        let told = findings.clone();
        let kept_out = told.iter().filter(|finding| KEPT_OUT.contains(&finding.code));
        let refused = kept_out.map(|finding| (finding.subject.as_str(), finding)).collect();
        let mut strays = self.run.strays(self.survey, &self.busy, &refused, findings);
        if !strays.is_empty() {
            self.trace(&mut strays, findings).await;
        }
        for stray in &strays {
            // What was said of it already is completed, not said twice.
            let of_it = |one: &&mut Finding| one.subject == stray.deployment && KEPT_OUT.contains(&one.code);
            match findings.iter_mut().find(of_it) {
                Some(finding) => finding.message.push_str(&stray.origin()),
                None => findings.push(stray.finding()),
            }
        }
        strays
    }

    /// Everything that people should know after a run: of an absent entry what
    /// the run concluded, and not what the scan alone could say.
    pub(super) fn findings(&self, absent: &[AbsentInstance], of_writing: Vec<Finding>) -> Vec<Finding> {
        let concluded: Vec<Finding> =
            absent.iter().filter_map(|one| one.finding(self.errand.dry_run)).collect();
        let told: HashSet<&str> = concluded.iter().map(|finding| finding.subject.as_str()).collect();
        let surveyed = self.survey.findings_for(&self.run.options.filter).into_iter();
        surveyed
            .filter(|finding| {
                !(finding.code.starts_with("entry.") && told.contains(finding.subject.as_str()))
            })
            .cloned()
            .chain(concluded.clone())
            .chain(self.absences.findings.iter().cloned())
            .chain(of_writing)
            .chain(self.called_gone())
            .chain(self.beside())
            .collect()
    }

    /// Entries that somebody calls deleted, of whom nobody knows that he looked but
    /// once, while their deployments are there: they keep that.
    fn called_gone(&self) -> Vec<Finding> {
        let index = &self.survey.facts.index;
        let admitted = self.survey.decisions.iter().filter(|one| self.run.options.filter.admits(one));
        admitted
            .filter_map(|decision| Some((decision, index.entry(&decision.identity()?.instance)?)))
            .filter(|(_, entry)| {
                entry.fields.text("status").as_deref() == Some("deleted") && !bears_marks(&entry.fields)
            })
            .map(|(decision, entry)| {
                let message = format!(
                    "its entry is called deleted, and deployment `{}` is there; find out who wrote that, and take its \
                     `status` out",
                    decision.deployment
                );
                Finding::new("entry.called-gone", &entry.instance, message)
            })
            .collect()
    }

    /// Says that another reconciler was noticed, and what that means for us.
    fn beside(&self) -> Option<Finding> {
        let (sign, options) = (self.other.known()?, &self.run.options);
        let folder = options.backups.folder.clone().unwrap_or_else(BackupFolder::apart);
        let usual = BackupFolder::USUAL;
        let missing = if options.coexist {
            "entries turn missing all the same, as `coexist` says"
        } else {
            "no entry turns missing without `coexist: true`, because it takes out what is called so"
        };
        let message = format!(
            "another reconciler works on these records: {sign}. It clears `{usual}` below instances: our archives \
             go to `{folder}`; {missing}"
        );
        Some(Finding::new("reconciler.beside", usual, message))
    }

    /// What a run would find without a counterpart. Nothing is written, and of
    /// matched deployments only those without an entry are looked at.
    pub(super) async fn orphans(self) -> OrphanReport {
        let options = &self.run.options;
        let index = &self.survey.facts.index;
        let decisions = &self.survey.decisions;
        let is_new = |at: &usize| {
            decisions[*at].identity().is_some_and(|id| index.entry(&id.instance).is_none())
                && options.filter.admits(&decisions[*at])
        };
        let new: Vec<usize> = (0..decisions.len()).filter(is_new).collect();
        let Survey { scan, manifests, .. } = self.survey;
        let outcomes: Vec<_> = stream::iter(new)
            .map(|at| self.reconcile(&decisions[at], &scan.summaries[at], manifests[at]))
            .buffered(options.concurrency.max(1))
            .collect()
            .await;
        let mut counts = self.survey.counts();
        let mut complete = self.survey.is_complete() && !self.absences.is_contradicted();
        let mut findings = Vec::new();
        for (outcome, _) in outcomes {
            match outcome {
                Outcome::Skipped(finding) => findings.push(finding),
                Outcome::Failed(error) => {
                    complete = false;
                    findings.push(Finding::new("record.unread", self.run.store.address(), error.to_string()));
                }
                Outcome::NotBegun => complete = false,
                Outcome::InLine(..) | Outcome::UpToDate(_) => {}
            }
        }
        let strays = self.strays(&mut findings).await;
        counts.stray = strays.len();
        let absent = self.absences.as_they_stand();
        count(&absent, &mut counts);
        let filter = &options.filter;
        let admitted =
            |one: &AbsentInstance| self.entry(&one.instance).is_some_and(|entry| filter.admits_entry(entry));
        let absent: Vec<_> = absent.into_iter().filter(|one| filter.is_open() || admitted(one)).collect();
        let surveyed = self.survey.findings_for(filter).into_iter().cloned();
        let beside = surveyed.chain(self.retired()).filter(|finding| BESIDE.contains(&finding.code));
        let told = ["index.empty", "events.unread", "record.unread", "entry.not-an-object"];
        let findings = beside
            .chain(self.absences.findings.iter().cloned())
            .chain(findings.into_iter().filter(|finding| told.contains(&finding.code)))
            .chain(self.beside())
            .collect();
        OrphanReport {
            director_uuid: self.survey.scan.info.uuid.clone(),
            store: self.run.store.address(),
            complete,
            counts,
            absent,
            strays,
            findings,
            refusals: self.absences.refusal.iter().cloned().collect(),
            unknown: self.survey.unknown.clone(),
        }
    }

    /// Matched instances whose plan has left the catalog.
    fn retired(&self) -> Vec<Finding> {
        let catalog = &self.survey.facts.catalog;
        let identities = self.survey.decisions.iter().filter_map(|one| Some((one, one.identity()?)));
        identities
            .filter(|(decision, identity)| {
                catalog.plan(identity.plan.as_str()).is_none() && self.run.options.filter.admits(decision)
            })
            .map(|(decision, identity)| {
                let message = format!(
                    "plan `{}` of instance `{}` has left the catalog",
                    identity.plan, identity.instance
                );
                Finding::new("plan.retired", &decision.deployment, message)
            })
            .collect()
    }
}

/// How many absent entries there are of each kind.
fn count(absent: &[AbsentInstance], counts: &mut Counts) {
    let of = |state| absent.iter().filter(|one| one.state == state).count();
    counts.unseen = of(EntryState::Unknown);
    counts.absent = of(EntryState::Absent);
    counts.missing = of(EntryState::Missing);
    counts.stale = of(EntryState::Stale);
}
