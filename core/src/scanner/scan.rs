//! A scan of one Director.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, Stream, StreamExt};

use super::cache::ManifestCache;
use super::completeness::{Completeness, Gap, GapReason, Shortfall};
use crate::manifest::{Deployment, Manifest};
use crate::model::{DeploymentName, DeploymentSummary, FleetStatistics};
use crate::ports::{
    Director, DirectorInfo, DirectorInstance, LastScan, ManifestAnswer, PortError, PortErrorKind, Reach,
};

/// So many requests in a row without a usable answer end a scan: each was made
/// several times already.
const FAILURES_IN_A_ROW: usize = 5;

/// The Director's list, and what is counted over all of it.
#[derive(Debug, Clone)]
pub struct Scan {
    /// What the Director says about itself.
    pub info: DirectorInfo,
    /// All deployments, by name.
    pub summaries: Vec<DeploymentSummary>,
    /// Counts over the whole list.
    pub statistics: FleetStatistics,
    /// Whether it proves absence.
    pub completeness: Completeness,
}

impl Scan {
    /// What the credentials see, where that can be known.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        reach(&self.info)
    }

    /// What a later scan is compared with, once this one was complete.
    #[must_use]
    pub fn remembered(&self) -> LastScan {
        LastScan { deployments: self.summaries.len() as u64, scopes: self.info.scopes.clone() }
    }

    /// Takes in what could not be seen.
    pub fn lacks(&mut self, gap: Gap) {
        if let GapReason::NotAsked(failures) = gap.reason {
            self.completeness.lacks(Shortfall::GivenUp(failures));
        }
        self.completeness.gaps.push(gap);
    }
}

/// One deployment of a scan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Seen {
    /// The deployment; if it could not be seen, its manifest says so.
    pub deployment: Deployment,
    /// Why it could not be seen.
    pub gap: Option<Gap>,
}

/// How a Director is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanSettings {
    /// How many manifests are asked for at once; one for zero.
    pub concurrency: usize,
    /// Whether the VMs of deployments are read too, with a request for each.
    pub instances: bool,
}

impl Default for ScanSettings {
    fn default() -> Self {
        Self { concurrency: 5, instances: false }
    }
}

/// Reads a Director with a bound on what is asked at once.
#[derive(Debug, Clone, Copy)]
pub struct Scanner<'a> {
    director: &'a dyn Director,
    cache: &'a ManifestCache,
    settings: ScanSettings,
}

impl<'a> Scanner<'a> {
    /// A scanner that keeps manifests in `cache`.
    #[must_use]
    pub fn new(director: &'a dyn Director, cache: &'a ManifestCache, settings: ScanSettings) -> Self {
        Self { director, cache, settings }
    }

    /// Begins a scan: reads the list. Whoever knows what the Director says about
    /// itself saves the request; `last` is what the last complete scan saw.
    ///
    /// # Errors
    /// If the Director cannot be reached or its list cannot be read as a whole:
    /// there is nothing to decide then.
    pub async fn list(
        &self,
        known: Option<DirectorInfo>,
        last: Option<&LastScan>,
    ) -> Result<Scan, PortError> {
        let info = match known {
            Some(info) => info,
            None => self.director.info().await?,
        };
        let mut summaries = self.director.deployments().await?;
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        // Which of the two is meant nobody can tell, and counts would be wrong.
        if let Some(pair) = summaries.windows(2).find(|pair| pair[0].name == pair[1].name) {
            let (operation, reason) = ("read the list of deployments: its entry", "it stands there twice");
            let error = PortError::new(PortErrorKind::Malformed, operation, pair[0].name.as_str(), reason);
            return Err(error.with_advice("look at what the Director answers to GET /deployments"));
        }
        self.cache.begin(&info.uuid, &summaries);
        let statistics = FleetStatistics::of(&summaries);
        let mut completeness = Completeness::default();
        let before = last.and_then(|last| Some(Reach::of(last.scopes.as_ref()?, &info.uuid)));
        compare(before, reach(&info), &mut completeness);
        completeness.compare_clocks(info.clock_ahead);
        tracing::debug!(deployments = summaries.len(), cached = self.cache.len(), "the list was read");
        Ok(Scan { info, summaries, statistics, completeness })
    }

    /// Reads the manifests of some deployments, in their order. A failure is its
    /// own deployment's, unless too many follow each other: then the rest is
    /// not asked for.
    pub fn manifests<'s>(self, summaries: &'s [DeploymentSummary]) -> impl Stream<Item = Seen> + Send + 's
    where
        'a: 's,
    {
        let failures = std::sync::Arc::new(AtomicUsize::new(0));
        stream::iter(summaries)
            .map(move |summary| {
                let failures = std::sync::Arc::clone(&failures);
                async move { self.see(summary, &failures).await }
            })
            .buffered(self.settings.concurrency.max(1))
    }

    async fn see(&self, summary: &DeploymentSummary, failures: &AtomicUsize) -> Seen {
        if failures.load(Ordering::Relaxed) >= FAILURES_IN_A_ROW {
            return unseen(summary, GapReason::NotAsked(FAILURES_IN_A_ROW), true);
        }
        let answer = self.answer(summary).await;
        match &answer {
            Err(error) if is_of_the_director(error.kind) => {
                failures.fetch_add(1, Ordering::Relaxed);
            }
            // Given up is given up, whatever was still under way.
            _ if failures.load(Ordering::Relaxed) < FAILURES_IN_A_ROW => failures.store(0, Ordering::Relaxed),
            _ => {}
        }
        match answer {
            Ok(answer) => seen(summary, &answer),
            // It stays so, as a manifest that does not parse does: the fault is its own,
            // and what else the scan saw proves as much.
            Err(error) if error.kind == PortErrorKind::TooLarge => {
                let manifest = Manifest::unread(error.to_string());
                Seen { deployment: Deployment::new(summary.clone(), manifest), gap: None }
            }
            Err(error) => unseen(summary, GapReason::Unread(error.to_string()), error.kind.is_retryable()),
        }
    }

    /// Reads one deployment of a scan once more: from the cache, if it is there.
    ///
    /// # Errors
    /// If its manifest cannot be read, or is gone.
    pub async fn deployment(&self, summary: &DeploymentSummary) -> Result<Deployment, PortError> {
        let Seen { deployment, gap } = seen(summary, &self.answer(summary).await?);
        match gap {
            None => Ok(deployment),
            Some(gap) => Err(PortError::new(
                PortErrorKind::Transient,
                "read the manifest of",
                summary.name.as_str(),
                gap.reason.to_string(),
            )),
        }
    }

    /// Asks the Director for one deployment of a scan, whatever is in the cache.
    ///
    /// # Errors
    /// If its manifest cannot be read, or is gone.
    pub async fn deployment_afresh(&self, summary: &DeploymentSummary) -> Result<Deployment, PortError> {
        self.cache.forget(&summary.name);
        self.deployment(summary).await
    }

    async fn answer(&self, summary: &DeploymentSummary) -> Result<ManifestAnswer, PortError> {
        if let Some(answer) = self.cache.get(&summary.name) {
            tracing::debug!(deployment = %summary.name, "manifest from the cache");
            return Ok(answer);
        }
        tracing::debug!(deployment = %summary.name, "manifest not in the cache");
        let answer = self.director.manifest(&summary.name).await?;
        if answer != ManifestAnswer::Gone {
            self.cache.keep(summary, &answer);
        }
        Ok(answer)
    }

    /// Asks in the end whether it is still the same Director, with the same
    /// reach. Whoever concludes something from what a scan did not see asks
    /// this first.
    pub async fn confirm(&self, scan: &mut Scan) {
        let shortfalls = &mut scan.completeness;
        match self.director.info().await {
            Err(error) => shortfalls.lacks(Shortfall::Unconfirmed(error.to_string())),
            Ok(now) if !now.uuid.eq_ignore_ascii_case(&scan.info.uuid) => shortfalls
                .lacks(Shortfall::AnotherDirector { expected: scan.info.uuid.clone(), found: now.uuid }),
            Ok(now) => {
                compare(reach(&scan.info), reach(&now), shortfalls);
                shortfalls.compare_clocks(now.clock_ahead);
            }
        }
    }

    /// The VMs of a deployment; nothing is asked, and `None` is the answer,
    /// unless the settings want them.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub async fn instances(&self, name: &DeploymentName) -> Result<Option<Vec<DirectorInstance>>, PortError> {
        if !self.settings.instances {
            return Ok(None);
        }
        self.director.instances(name).await.map(Some)
    }
}

fn reach(info: &DirectorInfo) -> Option<Reach> {
    info.scopes.as_ref().map(|scopes| Reach::of(scopes, &info.uuid))
}

fn compare(before: Option<Reach>, now: Option<Reach>, completeness: &mut Completeness) {
    if let (Some(before), Some(now)) = (before, now)
        && !now.sees_as_much_as(&before)
    {
        completeness.lacks(Shortfall::ReachShrank { before, now });
    }
}

/// Whether a failure is the Director's or ours with it, and not this one
/// deployment's.
fn is_of_the_director(kind: PortErrorKind) -> bool {
    kind.is_retryable() || matches!(kind, PortErrorKind::Unauthenticated | PortErrorKind::Local)
}

fn seen(summary: &DeploymentSummary, answer: &ManifestAnswer) -> Seen {
    let manifest = match answer {
        ManifestAnswer::Found(bytes) => Manifest::from_bytes(bytes.to_vec()),
        ManifestAnswer::Null => Manifest::absent(),
        ManifestAnswer::Gone => return unseen(summary, GapReason::Vanished, false),
    };
    Seen { deployment: Deployment::new(summary.clone(), manifest), gap: None }
}

fn unseen(summary: &DeploymentSummary, reason: GapReason, may_pass: bool) -> Seen {
    let manifest = Manifest::unread(reason.to_string());
    Seen {
        deployment: Deployment::new(summary.clone(), manifest),
        gap: Some(Gap { deployment: summary.name.clone(), reason, may_pass }),
    }
}
