//! The first half of a run: scan and decide. Writes nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::StreamExt;
use tokio::sync::oneshot;

use super::guard::{guard_entries, guard_index};
use super::laps::Laps;
use super::progress::Phase;
use super::run::{Reconciler, RunError};
use super::survey::{ManifestPrint, Survey};
use crate::manifest::Deployment;
use crate::matching::{Decision, Facts, Suspensions, settle_claims};
use crate::model::{DeploymentSummary, Index, PlanNotice, layout};
use crate::ports::{LastScan, PortError, PortErrorKind};
use crate::scanner::{Gap, Scan, Scanner, Seen};
use crate::updater::Finding;

/// How many batches are at work: one is decided while the next one is read.
const BATCHES: usize = 2;

/// What became of one batch, or of several.
#[derive(Default)]
struct Batch {
    decisions: Vec<Decision>,
    manifests: Vec<ManifestPrint>,
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
}

impl Batch {
    fn extend(&mut self, next: Self) {
        self.decisions.extend(next.decisions);
        self.manifests.extend(next.manifests);
        self.findings.extend(next.findings);
        self.gaps.extend(next.gaps);
    }

    /// Puts what was decided anew in the places of what had been.
    fn replace(&mut self, places: &[usize], anew: Self) {
        for (&at, (decision, manifest)) in places.iter().zip(anew.decisions.into_iter().zip(anew.manifests)) {
            self.decisions[at] = decision;
            self.manifests[at] = manifest;
        }
        self.findings.extend(anew.findings);
        self.gaps.extend(anew.gaps);
        self.gaps.sort_by(|a, b| a.deployment.cmp(&b.deployment));
    }
}

/// Hands on from one batch to the next which strategies are suspended: counted
/// in the order of the deployments, whatever is read or decided first.
struct Turn {
    before: oneshot::Receiver<Suspensions>,
    after: oneshot::Sender<Suspensions>,
}

impl Turn {
    /// What the first turn waits for, and gets at once.
    fn first() -> oneshot::Receiver<Suspensions> {
        let (after, before) = oneshot::channel();
        let _ = after.send(Suspensions::default());
        before
    }

    /// The turn after the latest one.
    fn after(latest: &mut oneshot::Receiver<Suspensions>) -> Self {
        let (after, next) = oneshot::channel();
        Self { before: std::mem::replace(latest, next), after }
    }
}

/// How far a look has come, for whoever ends it.
#[derive(Default)]
struct Reached {
    decided: AtomicUsize,
    of: AtomicUsize,
}

impl Reconciler<'_> {
    /// Scans the Director and decides every deployment. Writes nothing.
    ///
    /// # Errors
    /// If the Director's list or the index cannot be read, a guard refuses, or
    /// it is asked to stop.
    pub async fn survey(&self) -> Result<Survey, RunError> {
        let reached = Reached::default();
        let interrupted = || RunError::Interrupted {
            looked_at: reached.decided.load(Ordering::Relaxed),
            of: reached.of.load(Ordering::Relaxed),
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(interrupted()),
            outcome = self.look(&reached) => outcome.map_err(|error| match error {
                RunError::Port(error) if error.kind == PortErrorKind::Cancelled => interrupted(),
                error => error,
            }),
        }
    }

    async fn look(&self, reached: &Reached) -> Result<Survey, RunError> {
        let scanner = self.scanner();
        let mut laps = Laps::begin();
        let last = self.state.map(|state| state.last_scan()).transpose()?.flatten();
        let mut scan = scanner.list(self.info.clone(), last.as_ref()).await?;
        self.guard_director(&scan)?;
        let index_slot = self.store.read(layout::INDEX).await?;
        guard_index(&index_slot, self.state, self.store, self.options.begin_index).await?;
        let index = index_slot.data().map(Index::from_object).unwrap_or_default();
        tracing::debug!(
            director = scan.info.uuid,
            deployments = scan.summaries.len(),
            entries = index.len(),
            index_version = index_slot.version().0,
            "read the Director's list and the index"
        );
        let facts = Facts::new(Arc::clone(&self.catalog), index, scan.statistics.clone());

        laps.over(Phase::Scan);
        reached.of.store(scan.summaries.len(), Ordering::Relaxed);
        self.progress.begin(Phase::Decide, scan.summaries.len());
        let mut turn = Turn::first();
        let mut all = self.decide(&scanner, &scan.summaries, &facts, &mut turn, reached).await?;
        for delay in self.options.retry.delays() {
            let (passing, lasting): (Vec<_>, Vec<_>) = all.gaps.into_iter().partition(|gap| gap.may_pass);
            all.gaps = lasting;
            if passing.is_empty() {
                break;
            }
            tracing::warn!(
                deployments = passing.len(),
                ?delay,
                "some manifests could not be read; trying again"
            );
            tokio::time::sleep(delay).await;
            let unread: HashSet<_> = passing.iter().map(|gap| &gap.deployment).collect();
            let (places, summaries): (Vec<_>, Vec<_>) = (0_usize..)
                .zip(&scan.summaries)
                .filter(|(_, summary)| unread.contains(&summary.name))
                .map(|(at, summary)| (at, summary.clone()))
                .unzip();
            let again = self.decide(&scanner, &summaries, &facts, &mut turn, &Reached::default()).await?;
            all.replace(&places, again);
        }
        self.progress.end();
        let Batch { mut decisions, manifests, mut findings, gaps } = all;
        findings.extend(self.catalog.notices().iter().map(odd_plan));
        gaps.into_iter().for_each(|gap| scan.lacks(gap));
        findings.extend(fewer_deployments(last.as_ref(), &scan));
        settle_claims(&mut decisions, &facts.index);
        let (unknown, absent, named, phases) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut survey = Survey {
            scan,
            index_slot,
            facts,
            decisions,
            manifests,
            findings,
            unknown,
            absent,
            named,
            phases,
        };
        survey.findings.extend(guard_entries(&survey, self.state, self.options.allow_fewer_entries)?);
        survey.find_absent();
        // Only where something seems not to be there does it matter whose list
        // it is; the request is spared otherwise.
        if survey.lacks_anything() {
            scanner.confirm(&mut survey.scan).await;
        }
        survey.conclude();
        survey.findings.extend(survey.fits_nothing(&self.options.filter));
        survey.unknown = survey.what_is_unknown(self.director);
        laps.over(Phase::Decide);
        survey.phases = laps.taken();
        tracing::debug!(counts = ?survey.counts(), unknown = survey.unknown.len(), "decided");
        Ok(survey)
    }

    /// Reads and decides some deployments, in their order.
    async fn decide(
        &self,
        scanner: &Scanner<'_>,
        summaries: &[DeploymentSummary],
        facts: &Facts,
        turn: &mut oneshot::Receiver<Suspensions>,
        reached: &Reached,
    ) -> Result<Batch, RunError> {
        let mut all = Batch::default();
        let batches = scanner
            .manifests(summaries)
            .chunks(self.options.batch_size.max(1))
            .map(|batch| self.decide_batch(batch, facts.clone(), Turn::after(turn)))
            .buffered(BATCHES);
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            reached.decided.fetch_add(batch.decisions.len(), Ordering::Relaxed);
            self.progress.advance(batch.decisions.len());
            all.extend(batch);
            tracing::debug!(deployments = all.decisions.len(), "decided a batch");
        }
        Ok(all)
    }

    /// Decides away from the async threads: it is work for the processor, and
    /// must not hold up those that wait for answers.
    async fn decide_batch(&self, seen: Vec<Seen>, facts: Facts, turn: Turn) -> Result<Batch, RunError> {
        let engine = Arc::clone(&self.engine);
        let Turn { before, after } = turn;
        // An earlier batch that was given up ends the whole look.
        let mut suspensions = before.await.unwrap_or_default();
        let work = tokio::task::spawn_blocking(move || {
            let gaps = seen.iter().filter_map(|one| one.gap.clone()).collect();
            let deployments: Vec<Deployment> = seen.into_iter().map(|one| one.deployment).collect();
            let decisions = engine.decide_next(&deployments, &facts, &mut suspensions);
            let _ = after.send(suspensions);
            let manifests = deployments.iter().map(|one| ManifestPrint::of(&one.manifest)).collect();
            Batch { decisions, manifests, findings: deployments.iter().flat_map(notices).collect(), gaps }
        });
        match work.await {
            Ok(batch) => Ok(batch),
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => {
                    let error =
                        PortError::new(PortErrorKind::Cancelled, "decide", "", "the program is ending");
                    Err(error.into())
                }
            },
        }
    }

    /// The records of one Director's instances are not those of another's.
    fn guard_director(&self, scan: &Scan) -> Result<(), RunError> {
        match self.state {
            Some(state) if !state.director_uuid().eq_ignore_ascii_case(&scan.info.uuid) => {
                Err(RunError::Refused {
                    reason: format!(
                        "this Director's UUID is {}, and the state is that of {}",
                        scan.info.uuid,
                        state.director_uuid()
                    ),
                    advice: format!(
                        "check the Director's address; for another Director use another state file than {}",
                        state.address()
                    ),
                })
            }
            _ => Ok(()),
        }
    }
}

/// What is odd about a plan of the catalog.
fn odd_plan(notice: &PlanNotice) -> Finding {
    Finding::new("catalog.plan-manifest", &notice.plan, &notice.message)
}

/// A count that fell is worth a look and proves nothing: not that the list is
/// cut, and not that anything is gone.
fn fewer_deployments(last: Option<&LastScan>, scan: &Scan) -> Option<Finding> {
    let (before, now) = (last?.deployments, scan.summaries.len() as u64);
    (now < before).then(|| {
        let message = format!("{now} deployments, {before} in the last complete scan");
        Finding::new("scan.fewer-deployments", &scan.info.name, message)
    })
}

/// What is odd about a manifest without harming the decision.
fn notices(deployment: &Deployment) -> Vec<Finding> {
    // A manifest that nobody parsed has nothing to say.
    if !deployment.manifest.is_parsed() {
        return Vec::new();
    }
    let name = &deployment.summary.name;
    deployment
        .manifest
        .notices()
        .map(|notice| Finding::new("manifest.notice", name, notice.to_string()))
        .collect()
}
