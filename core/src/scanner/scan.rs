//! A scan of one Director.

use futures_util::stream::{self, StreamExt};

use crate::manifest::{Deployment, Manifest};
use crate::model::{DeploymentName, DeploymentSummary, FleetStatistics};
use crate::ports::{Director, DirectorInfo, ManifestAnswer, PortError};

/// What a scan could not see. What it lacks is unknown, never absent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The deployment.
    pub deployment: DeploymentName,
    /// Why it could not be seen.
    pub why: String,
}

/// Whether a scan proves absence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completeness {
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

impl Completeness {
    /// Whether nothing is lacking.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// The Director's list, and what is counted over all of it.
#[derive(Debug, Clone)]
pub struct Scan {
    /// What the Director says about itself.
    pub info: DirectorInfo,
    /// All deployments, by name.
    pub summaries: Vec<DeploymentSummary>,
    /// Counts over the whole list.
    pub statistics: FleetStatistics,
    /// What could not be seen.
    pub completeness: Completeness,
}

/// Reads a Director with a bound on what is asked at once.
#[derive(Debug, Clone, Copy)]
pub struct Scanner<'a> {
    director: &'a dyn Director,
    concurrency: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner that asks for at most `concurrency` manifests at once.
    #[must_use]
    pub fn new(director: &'a dyn Director, concurrency: usize) -> Self {
        Self { director, concurrency: concurrency.max(1) }
    }

    /// Reads the list.
    ///
    /// # Errors
    /// If the Director cannot be reached or its list cannot be read as a whole:
    /// there is nothing to decide then.
    pub async fn list(&self) -> Result<Scan, PortError> {
        let info = self.director.info().await?;
        let mut summaries = self.director.deployments().await?;
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        let statistics = FleetStatistics::of(&summaries);
        Ok(Scan { info, summaries, statistics, completeness: Completeness::default() })
    }

    /// Reads the manifests of some deployments, in their order. A failure is its
    /// own deployment's: it becomes a manifest that was not read, and a gap.
    pub async fn manifests(&self, summaries: &[DeploymentSummary], gaps: &mut Vec<Gap>) -> Vec<Deployment> {
        let answers: Vec<_> = stream::iter(summaries)
            .map(|summary| async move { (summary, self.director.manifest(&summary.name).await) })
            .buffered(self.concurrency)
            .collect()
            .await;
        answers
            .into_iter()
            .map(|(summary, answer)| {
                let manifest = match answer {
                    Ok(ManifestAnswer::Found(bytes)) => Manifest::from_bytes(bytes.to_vec()),
                    Ok(ManifestAnswer::Null) => Manifest::absent(),
                    // It was in the list a moment ago: somebody is deleting it.
                    Ok(ManifestAnswer::Gone) => {
                        unread(summary, "it vanished during the scan".to_owned(), gaps)
                    }
                    Err(error) => unread(summary, error.to_string(), gaps),
                };
                Deployment::new(summary.clone(), manifest)
            })
            .collect()
    }
}

fn unread(summary: &DeploymentSummary, why: String, gaps: &mut Vec<Gap>) -> Manifest {
    gaps.push(Gap { deployment: summary.name.clone(), why: why.clone() });
    Manifest::unread(why)
}
