//! A Director in memory that a test changes between two requests: for tests of
//! many runs, where a server would only cost time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use reconciler_core::model::{DeploymentName, DeploymentSummary, ReleaseRef};
use reconciler_core::ports::{
    Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
    PortError, PortErrorKind,
};

/// What such a Director holds.
#[derive(Debug, Default)]
pub struct Holdings {
    /// Its UUID.
    pub uuid: String,
    /// The UUID that it has once the list was read, if that is another.
    pub later_uuid: Option<String>,
    /// What the credentials may do.
    pub scopes: Option<Vec<String>>,
    /// How far its clock is ahead of ours, if it says so.
    pub clock_ahead: Option<TimeDelta>,
    /// The deployments with their manifests.
    pub deployments: BTreeMap<String, String>,
    /// Deployments that the list lacks, though they are there.
    pub unlisted: BTreeSet<String>,
    /// Deployments whose manifests cannot be read.
    pub unreadable: BTreeSet<String>,
    /// Deployments whose manifests are larger than is read.
    pub oversized: BTreeSet<String>,
    /// What the list says deployments are made of; else they are of `bpm`.
    pub releases: BTreeMap<String, Vec<&'static str>>,
    /// Deployments whose lock a task holds.
    pub locked: BTreeSet<String>,
    /// Tasks that are not finished.
    pub tasks: Vec<DirectorTask>,
    /// Events, newest first.
    pub events: Vec<DirectorEvent>,
    /// What was asked.
    pub asked: Vec<String>,
    listed: bool,
}

/// A Director in memory.
#[derive(Debug, Default)]
pub struct MemoryDirector(Mutex<Holdings>);

impl MemoryDirector {
    /// An empty one.
    #[must_use]
    pub fn new(uuid: &str) -> Self {
        Self(Mutex::new(Holdings { uuid: uuid.to_owned(), ..Holdings::default() }))
    }

    /// What it holds, to look at and to change.
    pub fn holdings(&self) -> MutexGuard<'_, Holdings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was asked since the last call.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.holdings().asked)
    }

    fn asked(&self, what: impl Into<String>) -> MutexGuard<'_, Holdings> {
        let mut holdings = self.holdings();
        holdings.asked.push(what.into());
        holdings
    }
}

#[async_trait]
impl Director for MemoryDirector {
    async fn info(&self) -> Result<DirectorInfo, PortError> {
        let mut holdings = self.asked("info");
        // The question that follows a list ends the scan.
        let is_end = std::mem::take(&mut holdings.listed);
        let later = holdings.later_uuid.as_ref().filter(|_| is_end);
        Ok(DirectorInfo {
            name: "memory".to_owned(),
            uuid: later.unwrap_or(&holdings.uuid).clone(),
            version: "1".to_owned(),
            authentication: "uaa".to_owned(),
            scopes: holdings.scopes.clone(),
            clock_ahead: holdings.clock_ahead,
        })
    }

    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError> {
        let mut holdings = self.asked("list");
        holdings.listed = true;
        let listed = holdings.deployments.keys().filter(|name| !holdings.unlisted.contains(*name));
        let summaries = listed.map(|name| {
            let mut summary =
                DeploymentSummary::named(DeploymentName::new(name).expect("a deployment's name"));
            let releases = holdings.releases.get(name).map_or(&["bpm"][..], Vec::as_slice);
            let release = |name: &&str| ReleaseRef { name: (*name).into(), version: "1.4.20".into() };
            summary.releases = releases.iter().map(release).collect();
            summary.locked = holdings.locked.contains(name);
            summary
        });
        Ok(summaries.collect())
    }

    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError> {
        let holdings = self.asked(format!("manifest {name}"));
        if holdings.unreadable.contains(name.as_str()) {
            let kind = PortErrorKind::Malformed;
            return Err(PortError::new(kind, "read the manifest of", name.as_str(), "planned by the test"));
        }
        if holdings.oversized.contains(name.as_str()) {
            let kind = PortErrorKind::TooLarge;
            return Err(PortError::new(kind, "read the manifest of", name.as_str(), "planned by the test"));
        }
        let manifest = holdings.deployments.get(name.as_str());
        Ok(manifest.map_or(ManifestAnswer::Gone, |text| ManifestAnswer::Found(text.as_bytes().into())))
    }

    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError> {
        Ok(self.asked("tasks").tasks.clone())
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError> {
        let holdings = self.asked("events");
        let older = |event: &&DirectorEvent| query.before_id.is_none_or(|before| event.id < before);
        Ok(holdings.events.iter().filter(older).take(200).cloned().collect())
    }

    async fn instances(&self, _name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError> {
        Ok(Vec::new())
    }

    fn address(&self) -> String {
        "memory".to_owned()
    }
}
