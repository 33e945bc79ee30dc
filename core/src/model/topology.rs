//! What a manifest says a deployment is made of: releases and jobs.

use std::sync::Arc;

use super::ReleaseRef;

/// A job of an instance group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Job {
    /// The instance group it runs in.
    pub group: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The release it comes from; empty where the manifest does not say.
    pub release: Arc<str>,
}

/// Releases and jobs, each sorted and without repetition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// The releases, by name. A version that the manifest computes is empty.
    pub releases: Vec<ReleaseRef>,
    /// The jobs.
    pub jobs: Vec<Job>,
}

impl Topology {
    /// Sorts what was collected and drops repetitions.
    #[must_use]
    pub fn new(mut releases: Vec<ReleaseRef>, mut jobs: Vec<Job>) -> Self {
        releases.sort();
        releases.dedup();
        jobs.sort();
        jobs.dedup();
        Self { releases, jobs }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.jobs.is_empty()
    }
}
