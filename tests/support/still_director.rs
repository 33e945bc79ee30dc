//! A Director in memory that answers at once: for tests whose subject is the
//! store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use reconciler_core::model::{DeploymentName, DeploymentSummary, ReleaseRef};
use reconciler_core::ports::{
    Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
    PortError,
};

use crate::provisioned::Provisioned;

/// A Director that holds manifests by deployment. A clone is the same Director.
#[derive(Debug, Clone, Default)]
pub struct StillDirector(Arc<Mutex<BTreeMap<String, Held>>>);

#[derive(Debug, Clone)]
struct Held {
    manifest: String,
    release: String,
    is_busy: bool,
}

impl StillDirector {
    /// One that has deployed these instances.
    #[must_use]
    pub fn with(instances: impl IntoIterator<Item = Provisioned>) -> Self {
        let director = Self::default();
        instances.into_iter().for_each(|instance| director.deploy(instance));
        director
    }

    /// Deploys an instance, or deploys it again.
    pub fn deploy(&self, instance: Provisioned) {
        let release = format!("{}", 17 + instance.updates);
        let held = Held { manifest: instance.manifest(), release, is_busy: false };
        self.held().insert(instance.deployment(), held);
    }

    /// Begins a task that works on a deployment; deploying ends it.
    pub fn begin(&self, instance: Provisioned) {
        if let Some(held) = self.held().get_mut(&instance.deployment()) {
            held.is_busy = true;
        }
    }

    /// Changes the manifest of a deployment and nothing else.
    pub fn rewrite(&self, instance: Provisioned) {
        if let Some(held) = self.held().get_mut(&instance.deployment()) {
            held.manifest = instance.manifest();
        }
    }

    /// Deletes the deployment of an instance.
    pub fn delete(&self, instance: Provisioned) {
        self.held().remove(&instance.deployment());
    }

    /// Another one that has deployed the same.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.held().clone())))
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Director for StillDirector {
    async fn info(&self) -> Result<DirectorInfo, PortError> {
        Ok(DirectorInfo {
            name: "still".to_owned(),
            uuid: "0f7e4f4e-8f2c-4c19-9f5a-7a1d7e6b0c11".to_owned(),
            version: "283.1.6".to_owned(),
            authentication: "basic".to_owned(),
            scopes: None,
            clock_ahead: None,
        })
    }

    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError> {
        let summary = |(name, held): (&String, &Held)| {
            let mut summary =
                DeploymentSummary::named(DeploymentName::new(name.as_str()).expect("a valid name"));
            let release =
                |name: &str, version: &str| ReleaseRef { name: name.into(), version: version.into() };
            summary.releases = vec![release("bpm", "1.4.20"), release("redis", &held.release)];
            summary
        };
        Ok(self.held().iter().map(summary).collect())
    }

    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError> {
        Ok(match self.held().get(name.as_str()) {
            Some(held) => ManifestAnswer::Found(held.manifest.as_bytes().into()),
            None => ManifestAnswer::Gone,
        })
    }

    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError> {
        let held = self.held();
        let busy = held.iter().filter(|(_, held)| held.is_busy);
        let task = |(name, _): (&String, &Held)| DirectorTask {
            id: 1,
            state: "processing".to_owned(),
            deployment: Some(name.clone()),
            description: "create deployment".to_owned(),
        };
        Ok(busy.map(task).collect())
    }

    async fn events(&self, _query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError> {
        Ok(Vec::new())
    }

    async fn instances(&self, _name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError> {
        Ok(Vec::new())
    }

    fn address(&self) -> String {
        "a Director in memory".to_owned()
    }
}
