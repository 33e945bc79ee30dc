//! Which entries of the index deployments speak for, and which they merely name.

use std::collections::{HashMap, HashSet};

use super::Survey;
use crate::model::recognise::uuids;
use crate::model::{DeploymentName, IndexEntry, InstanceId};

/// Which deployment speaks for an entry.
enum Voice<'a> {
    /// Its own.
    Own,
    /// Another one, which has its name.
    Other(&'a DeploymentName),
    None,
}

/// What the deployments of a survey say about entries.
struct Spoken<'a> {
    /// The deployments that are there, each with the instance that it is matched
    /// with.
    there: HashMap<&'a str, (&'a DeploymentName, Option<&'a InstanceId>)>,
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
        let mut spoken = Self { there: HashMap::new(), owned: HashSet::new(), named: HashMap::new() };
        let index = &survey.facts.index;
        for decision in &survey.decisions {
            let name = decision.deployment.as_str();
            let matched = decision.identity().map(|identity| &identity.instance);
            spoken.there.insert(name, (&decision.deployment, matched));
            spoken.owned.extend(index.expecting(name).map(|entry| &entry.instance));
            spoken.owned.extend(matched);
            let written = uuids(name).into_iter().filter_map(|uuid| InstanceId::new(uuid.text).ok());
            let ending = index.ending(name).map(|(_, entry)| entry.instance.clone());
            let claimed = decision.ranking.iter().map(|ranked| ranked.identity.instance.clone());
            for instance in written.chain(ending).chain(claimed) {
                spoken.named.entry(instance).or_insert(&decision.deployment);
            }
        }
        spoken
    }

    /// Which deployment speaks for an entry: its own, also by what it notes itself,
    /// or another one that has its name.
    fn of_entry(&self, entry: &IndexEntry) -> Voice<'a> {
        let recorded = entry.fields.text("deployment_name");
        let noted = recorded.and_then(|name| self.there.get(name.as_str()));
        match noted {
            _ if self.owned.contains(&entry.instance) => Voice::Own,
            // One that is another instance's by now is not its own.
            Some((name, Some(_))) => Voice::Other(name),
            Some((_, None)) => Voice::Own,
            None => match self.named.get(&entry.instance) {
                Some(name) => Voice::Other(name),
                None => Voice::None,
            },
        }
    }
}

impl Survey {
    /// Finds the entries that no deployment speaks for, and those that another one
    /// merely names.
    pub(in crate::manager) fn find_absent(&mut self) {
        let spoken = Spoken::of(self);
        let (mut absent, mut named) = (Vec::new(), Vec::new());
        for (at, entry) in self.facts.index.entries().iter().enumerate() {
            match spoken.of_entry(entry) {
                Voice::Own => {}
                Voice::Other(name) => named.push((at, name.clone())),
                Voice::None => absent.push(at),
            }
        }
        (self.absent, self.named) = (absent, named);
    }
}
