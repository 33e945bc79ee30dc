//! When deployments were created and last changed, from the Director's events:
//! by its clock, never by ours.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};

use crate::model::DeploymentName;
use crate::ports::{Director, DirectorEvent, EventQuery, PortError};

/// When a deployment was created and last changed. What the Director has
/// pruned, or never wrote down, is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeploymentTimes {
    /// When its current life began: its first successful creation, or its first
    /// one at all if none succeeded.
    pub created_at: Option<DateTime<Utc>>,
    /// Who created it then, by the Director's word.
    pub created_by: Option<String>,
    /// When it was created or changed for the last time, with success.
    pub updated_at: Option<DateTime<Utc>>,
}

impl DeploymentTimes {
    fn begin(&mut self, event: &DirectorEvent) {
        self.created_at = Some(event.at);
        self.created_by = Some(event.user.clone()).filter(|user| !user.is_empty());
    }
}

/// Reads the times of some deployments: one request for each page of events, up
/// to `pages` of them, and fewer if each deployment's earlier life was reached.
/// Deployments of which nothing is known are not in the answer.
///
/// # Errors
/// If a page cannot be read.
pub async fn times_of(
    director: &dyn Director,
    wanted: &BTreeSet<DeploymentName>,
    pages: usize,
) -> Result<BTreeMap<DeploymentName, DeploymentTimes>, PortError> {
    let mut search = Search { open: wanted.clone(), ..Search::default() };
    let mut query = EventQuery { object_type: Some("deployment".to_owned()), ..EventQuery::default() };
    for _ in 0..pages {
        if search.open.is_empty() {
            break;
        }
        let page = director.events(&query).await?;
        let Some(oldest) = page.iter().map(|event| event.id).min() else { break };
        for event in &page {
            search.take(event);
        }
        // A page that does not get older would be asked for ever.
        if query.before_id.is_some_and(|before| oldest >= before) {
            break;
        }
        query.before_id = Some(oldest);
    }
    Ok(search.found)
}

#[derive(Default)]
struct Search {
    /// Those of whose current life there may be more to see: only a successful
    /// deletion shows where it begins.
    open: BTreeSet<DeploymentName>,
    /// The tasks that failed. Each wrote two events, and only the later one,
    /// which comes first, says so.
    failed: HashSet<String>,
    /// The deployments of which a successful creation was seen.
    created: BTreeSet<DeploymentName>,
    found: BTreeMap<DeploymentName, DeploymentTimes>,
}

impl Search {
    /// Takes in one event; they come newest first.
    fn take(&mut self, event: &DirectorEvent) {
        let Some(name) = self.open.get(event.object_name.as_str()).cloned() else { return };
        let has_error = event.error.as_deref().is_some_and(|error| !error.is_empty());
        if has_error && let Some(task) = &event.task {
            self.failed.insert(task.clone());
        }
        let succeeded = !has_error && event.task.as_ref().is_none_or(|task| !self.failed.contains(task));
        match event.action.as_str() {
            "create" => {
                let times = self.found.entry(name.clone()).or_default();
                if succeeded {
                    times.updated_at.get_or_insert(event.at);
                    self.created.insert(name);
                    times.begin(event);
                } else if !self.created.contains(&name) {
                    // It is there from its first deploy on, even if none
                    // succeeded.
                    times.begin(event);
                }
            }
            "update" if succeeded => {
                self.found.entry(name).or_default().updated_at.get_or_insert(event.at);
            }
            // What is older belongs to an earlier deployment of the same name.
            // A deletion that failed left this one alive.
            "delete" if succeeded => {
                self.open.remove(&name);
            }
            _ => {}
        }
    }
}
