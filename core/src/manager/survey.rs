//! The first half of a run: what is there, and what was decided about it.

mod spoken;

use std::collections::HashSet;
use std::time::Duration;

use crate::manifest::Manifest;
use crate::matching::{Decision, Degradation, Facts, Outcome, ReviewReason, StrategyFailure, nearest};
use crate::model::{DeploymentName, IndexEntry, InstanceId};
use crate::ports::{Director, Slot};
use crate::scanner::Scan;
use crate::updater::Finding;

use super::filter::Filter;
use super::orphans::{EntryState, looked_for};
use super::progress::Phase;
use super::report::{Counts, Unknown};

/// The code of the finding that filters leave nothing.
const FITS_NOTHING: &str = "filter.fits-nothing";

/// Everything that was read and decided, before anything is written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Survey {
    /// The Director's list.
    pub scan: Scan,
    /// The index as it was read.
    pub index_slot: Slot,
    /// What the decisions were made from.
    pub facts: Facts,
    /// The decisions, by deployment.
    pub decisions: Vec<Decision>,
    /// The manifests that the decisions were made from, in their order.
    pub manifests: Vec<ManifestPrint>,
    /// What people should know: odd manifests, entries without a deployment.
    pub findings: Vec<Finding>,
    /// What could not be seen or understood, by deployment.
    pub unknown: Vec<Unknown>,
    /// How long its phases took.
    pub phases: Vec<(Phase, Duration)>,
    /// The places of the entries that no deployment speaks for.
    pub(super) absent: Vec<usize>,
    /// The places of the entries that have no deployment of their own, while another
    /// has their name: each with that deployment.
    pub(super) named: Vec<(usize, DeploymentName)>,
}

/// Identifies a manifest after it was let go, so that what is written is what
/// was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestPrint(Option<u128>);

impl ManifestPrint {
    /// The print of a manifest; of one that is absent or was not read there is
    /// none, and it equals no other's.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        // Half of a SHA-256 is more than enough to tell two texts apart.
        Self(manifest.fingerprint().and_then(|digest| u128::from_str_radix(&digest[..32], 16).ok()))
    }
}

impl Survey {
    /// How many of each kind there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts { deployments: self.decisions.len(), ..Counts::default() };
        for decision in &self.decisions {
            match decision.outcome {
                Outcome::Matched(_) => counts.matched += 1,
                Outcome::Review(_) => counts.review += 1,
                Outcome::Unmatched => counts.unmatched += 1,
            }
            counts.degraded += usize::from(decision.is_degraded());
        }
        let named = self.named_entries().map(|(entry, _)| entry);
        for entry in self.absent_entries().chain(named) {
            match EntryState::stored(&entry.fields) {
                EntryState::Missing => counts.missing += 1,
                EntryState::Stale => counts.stale += 1,
                _ if self.scan.completeness.is_complete() => counts.absent += 1,
                _ => counts.unseen += 1,
            }
        }
        counts
    }

    /// Whether everything was seen and every decision is the whole truth.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.scan.completeness.is_complete() && self.decisions.iter().all(|decision| !decision.is_degraded())
    }

    /// What keeps the survey from being complete, each with its place.
    pub(super) fn what_is_unknown(&self, director: &dyn Director) -> Vec<Unknown> {
        let gaps = &self.scan.completeness.gaps;
        let of = |name: &DeploymentName, why| Unknown { deployment: name.to_string(), why };
        let mut unknown: Vec<Unknown> =
            gaps.iter().map(|gap| of(&gap.deployment, gap.reason.to_string())).collect();
        let unread: HashSet<_> = gaps.iter().map(|gap| &gap.deployment).collect();
        for decision in &self.decisions {
            let name = &decision.deployment;
            for degradation in &decision.degradations {
                match degradation {
                    Degradation::Strategy { id, code } => {
                        unknown.push(of(name, format!("strategy {id} failed ({code})")));
                    }
                    Degradation::Manifest { .. } if unread.contains(name) => {}
                    Degradation::Manifest { message, .. } => {
                        // A message that has a place begins with it.
                        let blank = if message.starts_with(|c: char| c.is_ascii_digit()) { "" } else { " " };
                        unknown.push(of(name, format!("{}:{blank}{message}", director.manifest_place(name))));
                    }
                }
            }
        }
        unknown.sort_by(|a, b| a.deployment.cmp(&b.deployment));
        unknown
    }

    /// The findings about what a filter admits.
    #[must_use]
    pub fn findings_for(&self, filter: &Filter) -> Vec<&Finding> {
        if filter.is_open() {
            return self.findings.iter().collect();
        }
        let shown = self.decisions.iter().filter(|decision| filter.admits(decision));
        let shown: HashSet<&str> = shown.map(|decision| decision.deployment.as_str()).collect();
        let entry = |subject: &str| self.facts.index.entry(&InstanceId::new(subject).ok()?);
        let wanted = |finding: &&Finding| {
            finding.code == FITS_NOTHING
                || finding.code.starts_with("index.")
                || finding.code.starts_with("scan.")
                || finding.code.starts_with("clock.")
                || finding.code.starts_with("catalog.")
                || finding.code.starts_with("strategy.")
                || shown.contains(finding.subject.as_str())
                || entry(&finding.subject).is_some_and(|entry| filter.admits_entry(entry))
        };
        self.findings.iter().filter(wanted).collect()
    }

    /// A finding if a filter leaves nothing: most often a slip of the pen.
    pub(super) fn fits_nothing(&self, filter: &Filter) -> Option<Finding> {
        if filter.is_open() || self.decisions.iter().any(|decision| filter.admits(decision)) {
            return None;
        }
        let catalog = &self.facts.catalog;
        let services: Vec<String> = catalog.services().iter().map(|one| one.id.to_string()).collect();
        let plans: Vec<String> = catalog.plans().map(|one| one.id.to_string()).collect();
        let meant = |wanted: Option<&str>, known: &[String]| {
            wanted.filter(|id| known.iter().all(|one| one != id)).and_then(|id| nearest(id, known))
        };
        let meant = meant(filter.service.as_ref().map(|id| id.as_str()), &services)
            .or_else(|| meant(filter.plan.as_ref().map(|id| id.as_str()), &plans));
        let message = match meant {
            Some(id) => format!("nothing fits the filters; did you mean `{id}`?"),
            None => "nothing fits the filters".to_owned(),
        };
        Some(Finding::new(FITS_NOTHING, filter, message))
    }

    /// Whether something that was expected is not there: a deployment that could
    /// not be read, one of the index without its deployment, fewer deployments
    /// than before.
    pub(super) fn lacks_anything(&self) -> bool {
        !self.scan.completeness.is_complete()
            || self.findings.iter().any(|finding| finding.code == "scan.fewer-deployments")
            || self.absent_entries().next().is_some()
    }

    /// Says in the end what was not seen: as findings if the scan proves
    /// something, and else that it does not.
    pub(super) fn conclude(&mut self) {
        let found: Vec<Finding> = if self.scan.completeness.is_complete() {
            let named = self.named_entries().map(|(entry, name)| absence(entry, Some(name)));
            self.absent_entries().map(|entry| absence(entry, None)).chain(named).collect()
        } else {
            let director = &self.scan.info.name;
            let completeness = &self.scan.completeness;
            let (shortfalls, gaps) = (&completeness.shortfalls, &completeness.gaps);
            // Each gap is told by itself; what it means is told where it means
            // something.
            let uncounted = gaps.first().filter(|_| shortfalls.is_empty() && !self.absent.is_empty());
            let uncounted = uncounted.map(|gap| {
                let entries = match self.absent.len() {
                    1 => "1 entry is".to_owned(),
                    several => format!("{several} entries are"),
                };
                let unseen = match gaps.len() {
                    1 => format!("deployment `{}`", gap.deployment),
                    several => format!("{several} deployments, such as `{}`,", gap.deployment),
                };
                let message = format!(
                    "this scan does not count: {entries} without a deployment, and {unseen} could not be seen"
                );
                Finding::new("scan.uncounted", director, message)
            });
            let told = shortfalls.iter().map(|one| Finding::new(one.code(), director, one.to_string()));
            told.chain(uncounted).collect()
        };
        self.findings.extend(found);
        self.findings.extend(StrategyFailure::all(&self.decisions).iter().flat_map(failing));
        let claims: Vec<Finding> = self.second_claims().collect();
        self.findings.extend(claims);
    }

    /// Entries of the index that no deployment speaks for. That is what this
    /// scan did not see; it does not prove that they are gone.
    pub(super) fn absent_entries(&self) -> impl Iterator<Item = &IndexEntry> {
        self.absent.iter().map(|at| &self.facts.index.entries()[*at])
    }

    /// Entries without a deployment of their own, each with another that has only
    /// their name: nothing more is concluded about them, and they do not heal.
    pub(super) fn named_entries(&self) -> impl Iterator<Item = (&IndexEntry, &DeploymentName)> {
        self.named.iter().map(|(at, name)| (&self.facts.index.entries()[*at], name))
    }

    /// What a person should know about instances that two deployments claim.
    fn second_claims(&self) -> impl Iterator<Item = Finding> {
        self.decisions.iter().filter_map(|decision| {
            let Outcome::Review(ReviewReason::SecondClaim { holder }) = &decision.outcome else {
                return None;
            };
            let instance = &decision.leader()?.identity.instance;
            let message = match holder {
                Some(holder) => format!("claims instance `{instance}`, which `{holder}` has"),
                None => format!("claims instance `{instance}`, as another deployment does; neither has it"),
            };
            Some(Finding::new("deployment.duplicate", &decision.deployment, message))
        })
    }
}

/// What a person should know about a strategy that could not do its work.
fn failing(failure: &StrategyFailure) -> impl Iterator<Item = Finding> {
    let finding = |code, message| Finding::new(code, &failure.strategy, message);
    let suspended = failure.suspension_told().map(|told| finding("strategy.suspended", told));
    std::iter::once(finding("strategy.failed", failure.told())).chain(suspended)
}

/// What an entry says about its own absence, which this scan does not disprove,
/// and which other deployment names it.
fn absence(entry: &IndexEntry, named_by: Option<&DeploymentName>) -> Finding {
    let name = looked_for(entry).map(|name| format!("no deployment `{name}` in this scan"));
    let what = name.unwrap_or_else(|| "the entry names no plan, and no deployment speaks for it".to_owned());
    let since = entry.fields.text("orphaned_at").unwrap_or_else(|| "some time".to_owned());
    let (code, mut message) = match EntryState::stored(&entry.fields) {
        EntryState::Missing => ("entry.missing", format!("{what}; missing since {since}")),
        EntryState::Stale => ("entry.stale", format!("{what}; missing since {since}, and stale")),
        _ if entry.plan().is_none() || named_by.is_some() => ("entry.absent", what),
        _ => ("entry.absent", format!("{what}; nothing is concluded from one scan")),
    };
    if let Some(name) = named_by {
        message.push_str(&format!("; it is named by another deployment, `{name}`"));
    }
    Finding::new(code, &entry.instance, message)
}
