//! When deployments were made: the Director's events, read once a run and only
//! if some instance's records do not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use crate::model::DeploymentName;
use crate::ports::{Director, PortError};
use crate::scanner::{DeploymentTimes, times_of};
use crate::updater::{Creation, CreationTimes, Finding};

/// A Director keeps about 10,000 events, and gives 200 at once.
const PAGES: usize = 50;

/// The times of all deployments in the Director's list.
pub(super) struct EventTimes<'a> {
    director: &'a dyn Director,
    wanted: BTreeSet<DeploymentName>,
    read: OnceCell<Result<BTreeMap<DeploymentName, DeploymentTimes>, PortError>>,
}

impl<'a> EventTimes<'a> {
    pub(super) fn new(director: &'a dyn Director, wanted: BTreeSet<DeploymentName>) -> Self {
        Self { director, wanted, read: OnceCell::new() }
    }

    /// What the events say of a deployment, if they were read for any.
    pub(super) fn if_read(&self) -> Option<Result<&BTreeMap<DeploymentName, DeploymentTimes>, &PortError>> {
        self.read.get().map(Result::as_ref)
    }

    /// What people should know, if the events could not be read.
    pub(super) fn finding(&self) -> Option<Finding> {
        let error = self.read.get()?.as_ref().err()?;
        let message = format!(
            "when instances were created is not known, because the events could not be read: {error}; \
             the next run asks again"
        );
        Some(Finding::new("events.unread", self.director.address(), message))
    }
}

#[async_trait]
impl CreationTimes for EventTimes<'_> {
    async fn of(&self, deployment: &DeploymentName) -> Creation {
        let read = self.read.get_or_init(|| times_of(self.director, &self.wanted, PAGES)).await;
        match read {
            Ok(times) => {
                let created = times.get(deployment).and_then(|times| times.created_at);
                created.map_or(Creation::Unknown, Creation::At)
            }
            Err(_) => Creation::Unread,
        }
    }
}

impl fmt::Debug for EventTimes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventTimes").field("director", &self.director.address()).finish_non_exhaustive()
    }
}
