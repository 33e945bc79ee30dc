//! Which entries of the index deployments speak for, and which they merely name.

use std::collections::{HashMap, HashSet};

use super::Survey;
use crate::model::recognise::uuids;
use crate::model::{DeploymentName, IndexEntry, InstanceId};

/// What the deployments of a survey say about entries.
struct Spoken<'a> {
    /// The deployments that are there.
    there: HashSet<&'a str>,
    /// The instances that have a deployment: one that is matched with it, or is
    /// named as the broker would have.
    owned: HashSet<&'a InstanceId>,
    /// The first deployment that claims an instance, or has its name. That may
    /// speak for an entry that the chain of this run cannot see: its plan may be
    /// written wrongly, or the strategy not be asked.
    named: HashMap<InstanceId, &'a DeploymentName>,
}

impl<'a> Spoken<'a> {
    fn of(survey: &'a Survey) -> Self {
        let mut spoken = Self { there: HashSet::new(), owned: HashSet::new(), named: HashMap::new() };
        let index = &survey.facts.index;
        for decision in &survey.decisions {
            let name = decision.deployment.as_str();
            spoken.there.insert(name);
            spoken.owned.extend(index.expecting(name).map(|entry| &entry.instance));
            spoken.owned.extend(decision.identity().map(|identity| &identity.instance));
            let written = uuids(name).into_iter().filter_map(|uuid| InstanceId::new(uuid.text).ok());
            let ending = index.ending(name).map(|(_, entry)| entry.instance.clone());
            let claimed = decision.ranking.iter().map(|ranked| ranked.identity.instance.clone());
            for instance in written.chain(ending).chain(claimed) {
                spoken.named.entry(instance).or_insert(&decision.deployment);
            }
        }
        spoken
    }

    /// Whether an entry has a deployment of its own, also by what it notes itself.
    fn owns(&self, entry: &IndexEntry) -> bool {
        let recorded = entry.fields.text("deployment_name");
        self.owned.contains(&entry.instance)
            || recorded.is_some_and(|name| self.there.contains(name.as_str()))
    }
}

impl Survey {
    /// Finds the entries that no deployment speaks for, and those that another one
    /// merely names.
    pub(in crate::manager) fn find_absent(&mut self) {
        let spoken = Spoken::of(self);
        let (mut absent, mut named) = (Vec::new(), Vec::new());
        let entries = self.facts.index.entries().iter().enumerate();
        for (at, entry) in entries.filter(|(_, entry)| !spoken.owns(entry)) {
            match spoken.named.get(&entry.instance) {
                Some(name) => named.push((at, (*name).clone())),
                None => absent.push(at),
            }
        }
        (self.absent, self.named) = (absent, named);
    }
}
