//! Snapshots of a fleet's decisions: grouped so that a change of one rule is a
//! readable change of few files.

use std::collections::BTreeMap;

use super::record::DecisionRecord;
use crate::model::{Catalog, DeploymentName};

/// The group of deployments whose name begins with no service. No service's id
/// begins with `_`.
pub const OTHERS: &str = "_others";

/// The decisions of a group, by deployment.
pub type Group = BTreeMap<DeploymentName, DecisionRecord>;

/// The decisions of a fleet, by group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The groups by name; none is empty.
    pub groups: BTreeMap<String, Group>,
}

impl Snapshot {
    /// Groups decisions.
    #[must_use]
    pub fn of(records: impl IntoIterator<Item = DecisionRecord>, catalog: &Catalog) -> Self {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for record in records {
            let group = group_of(&record.deployment, catalog).to_owned();
            groups.entry(group).or_default().insert(record.deployment.clone(), record);
        }
        Self { groups }
    }

    /// All decisions, by group and deployment.
    pub fn records(&self) -> impl Iterator<Item = &DecisionRecord> {
        self.groups.values().flat_map(BTreeMap::values)
    }
}

/// The group of a deployment: the service whose id, or whose plan's id, begins
/// its name. Depends on the name and the catalog only, so that a decision that
/// changes stays in its file.
#[must_use]
pub fn group_of<'a>(deployment: &DeploymentName, catalog: &'a Catalog) -> &'a str {
    let begins = |id: &str| {
        let rest = deployment.as_str().strip_prefix(id);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let services = catalog.services().iter().map(|service| (service.id.as_str(), service.id.as_str()));
    let plans = catalog.plans().map(|plan| (plan.id.as_str(), plan.service.as_str()));
    let longest = services.chain(plans).filter(|(id, _)| begins(id)).max_by_key(|(id, _)| id.len());
    longest.map_or(OTHERS, |(_, service)| service)
}
