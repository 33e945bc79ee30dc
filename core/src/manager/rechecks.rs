//! Deployments looked at once more, just before their records are written.

use std::collections::HashSet;
use std::fmt;

use async_trait::async_trait;

use super::run::Reconciler;
use super::survey::{ManifestPrint, Survey};
use crate::model::DeploymentName;
use crate::ports::{DirectorTask, PortError, PortErrorKind};
use crate::updater::{Again, DirectorAgain, Finding};

/// Holds what a survey saw against what the Director says by now.
pub(super) struct Rechecks<'a> {
    run: &'a Reconciler<'a>,
    survey: &'a Survey,
    busy: Again<HashSet<String>>,
}

impl<'a> Rechecks<'a> {
    pub(super) fn new(run: &'a Reconciler<'a>, survey: &'a Survey) -> Self {
        Self { run, survey, busy: Again::default() }
    }
}

/// The deployments that tasks work on.
pub(super) fn busy(tasks: &[DirectorTask]) -> HashSet<String> {
    tasks.iter().filter_map(|task| task.deployment.clone()).collect()
}

#[async_trait]
impl DirectorAgain for Rechecks<'_> {
    async fn has_moved(&self, deployment: &DeploymentName) -> Result<Option<Finding>, PortError> {
        let Survey { scan, manifests, .. } = self.survey;
        let Ok(at) = scan.summaries.binary_search_by(|summary| summary.name.cmp(deployment)) else {
            let (operation, why) = ("look again at", "the scan did not see it");
            return Err(PortError::new(PortErrorKind::Malformed, operation, deployment.as_str(), why));
        };
        // The manifest first: a task that changes it is there until that is done.
        let now = self.run.scanner().deployment_afresh(&scan.summaries[at]).await?;
        if ManifestPrint::of(&now.manifest) != manifests[at] {
            return Ok(Some(manifest_changed(deployment)));
        }
        let tasks = async { Ok(busy(&self.run.director.tasks_in_flight().await?)) };
        let busy = self.busy.now(tasks).await?;
        Ok(busy.contains(deployment.as_str()).then(|| {
            let message = "a task of the Director works on it by now; the next run looks again";
            Finding::new("deployment.in-flight", deployment, message)
        }))
    }
}

/// Says that a manifest is not the one that was decided on.
pub(super) fn manifest_changed(deployment: &DeploymentName) -> Finding {
    let message = "its manifest changed while the run was under way; the next run decides anew";
    Finding::new("manifest.changed", deployment, message)
}

impl fmt::Debug for Rechecks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rechecks").field("director", &self.run.director.address()).finish_non_exhaustive()
    }
}
