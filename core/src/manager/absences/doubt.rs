//! Which deployments that could not be understood may be an absent entry's.
//!
//! A manifest that cannot be read, or a strategy that failed, hides whose
//! deployment it is; it must not hide that those of others are gone. Why it is
//! safe to count an entry all the same: its deployment is none that the list has
//! by a name that speaks for it, by a claim, or by what the entry records, and
//! what is hidden is made of other things than the entry's plan. What that is made
//! of, the catalog says, or else what is matched with instances of the plan, or of
//! the service, in the same scan. Where nobody says it, an entry that records no
//! deployment may have one under any name, and waits. One that records a name was
//! last seen there, and the Director has to deny that name as well as the one that
//! the broker would have given; it waits only for what has all that its plan is
//! made of, because somebody may have deployed it under another name since. And if
//! all of this were wrong, the entry heals as soon as somebody mends the manifest.

use std::collections::{HashMap, HashSet};

use crate::manager::survey::Survey;
use crate::matching::Decision;
use crate::model::{Catalog, DeploymentName, DeploymentSummary, IndexEntry, PlanId, ReleaseRef, ServiceId};

/// From so many services on it can be told what most of them have.
const LEAST_SERVICES: usize = 3;

/// What could not be understood.
pub(super) struct Doubts<'a> {
    known: Known<'a>,
    hidden: Vec<Hidden<'a>>,
}

/// A deployment that could be anybody's, by its name.
struct Hidden<'a> {
    name: &'a DeploymentName,
    releases: HashSet<&'a str>,
}

/// What is known of what deployments are made of.
#[derive(Default)]
struct Known<'a> {
    plans: HashMap<&'a PlanId, MadeOf<'a>>,
    services: HashMap<&'a ServiceId, MadeOf<'a>>,
    /// The releases that most services have: they tell nothing.
    common: HashSet<&'a str>,
}

/// The releases of deployments that belong together.
#[derive(Clone, Default)]
struct MadeOf<'a> {
    /// Those that any of them has.
    any: HashSet<&'a str>,
    /// Those that each of them has.
    each: HashSet<&'a str>,
}

impl<'a> Doubts<'a> {
    pub(super) fn of(survey: &'a Survey) -> Self {
        let index = &survey.facts.index;
        let decided = survey.decisions.iter().zip(&survey.scan.summaries);
        let mut hidden: Vec<Hidden<'a>> = decided
            .clone()
            .filter(|(decision, _)| decision.is_degraded())
            .map(|(_, summary)| Hidden::of(summary))
            .collect();
        if hidden.is_empty() {
            return Self { known: Known::default(), hidden };
        }
        // One that has the name of another entry is that one's.
        let recorded: HashSet<String> = index.entries().iter().filter_map(recorded).collect();
        hidden.retain(|hidden| {
            let name = hidden.name.as_str();
            index.expecting(name).next().is_none() && !recorded.contains(name)
        });
        Self { known: Known::of(&survey.facts.catalog, decided), hidden }
    }

    /// A deployment that may be the entry's, if there is one.
    pub(super) fn about(&self, entry: &IndexEntry) -> Option<&'a DeploymentName> {
        let first = self.hidden.first()?;
        let Some(made_of) = self.known.of_entry(entry) else {
            return recorded(entry).is_none().then_some(first.name);
        };
        let may_be_its_own = |hidden: &&Hidden<'_>| match recorded(entry) {
            Some(_) => self.known.has_all(hidden, made_of),
            None => self.known.may_be_of(hidden, made_of),
        };
        self.hidden.iter().find(may_be_its_own).map(|hidden| hidden.name)
    }
}

impl<'a> Hidden<'a> {
    fn of(summary: &'a DeploymentSummary) -> Self {
        Self { name: &summary.name, releases: names(&summary.releases) }
    }
}

impl<'a> Known<'a> {
    fn of(
        catalog: &'a Catalog,
        decided: impl Iterator<Item = (&'a Decision, &'a DeploymentSummary)>,
    ) -> Self {
        let mut known = Self::default();
        for (decision, summary) in decided {
            if let Some(identity) = decision.identity() {
                known.take(&identity.plan, &identity.service, &names(&summary.releases));
            }
        }
        // The catalog's word on a plan counts alone.
        for plan in catalog.plans() {
            if let Some(topology) = plan.topology.as_ref().filter(|topology| !topology.releases.is_empty()) {
                known.plans.remove(&plan.id);
                known.take(&plan.id, &plan.service, &names(&topology.releases));
            }
        }
        known.common = common(known.services.values());
        known
    }

    fn take(&mut self, plan: &'a PlanId, service: &'a ServiceId, releases: &HashSet<&'a str>) {
        if !releases.is_empty() {
            MadeOf::take(self.plans.entry(plan).or_default(), releases);
            MadeOf::take(self.services.entry(service).or_default(), releases);
        }
    }

    /// What the deployment of an entry is made of: as its plan, or else its service.
    fn of_entry(&self, entry: &IndexEntry) -> Option<&MadeOf<'a>> {
        let of_plan = entry.plan().and_then(|plan| self.plans.get(plan));
        of_plan.or_else(|| entry.service().and_then(|service| self.services.get(service)))
    }

    /// Whether a deployment may be made so, by the releases that the list shows; if
    /// it shows none, it may.
    fn may_be_of(&self, hidden: &Hidden<'_>, made_of: &MadeOf<'_>) -> bool {
        hidden.releases.is_empty()
            || self.tells(made_of.any.intersection(&hidden.releases))
            || !self.tells(made_of.any.iter()) && made_of.each.is_subset(&hidden.releases)
    }

    /// Whether a deployment has all that each of them has, and that tells something.
    fn has_all(&self, hidden: &Hidden<'_>, made_of: &MadeOf<'_>) -> bool {
        made_of.each.is_subset(&hidden.releases) && self.tells(made_of.each.iter())
    }

    /// Whether any of these releases is not one that most have.
    fn tells<'r>(&self, mut releases: impl Iterator<Item = &'r &'r str>) -> bool {
        releases.any(|release| !self.common.contains(release))
    }
}

impl<'a> MadeOf<'a> {
    /// Takes in one more deployment.
    fn take(&mut self, releases: &HashSet<&'a str>) {
        if self.any.is_empty() {
            self.each.clone_from(releases);
        } else {
            self.each.retain(|release| releases.contains(release));
        }
        self.any.extend(releases);
    }
}

/// The deployment that an entry names.
fn recorded(entry: &IndexEntry) -> Option<String> {
    entry.fields.text("deployment_name").filter(|name| !name.is_empty())
}

fn names(releases: &[ReleaseRef]) -> HashSet<&str> {
    releases.iter().map(|release| &*release.name).collect()
}

/// The releases that more than half of the services deploy.
fn common<'a, 'k>(services: impl ExactSizeIterator<Item = &'k MadeOf<'a>>) -> HashSet<&'a str>
where
    'a: 'k,
{
    let known = services.len();
    if known < LEAST_SERVICES {
        return HashSet::new();
    }
    let mut users: HashMap<&str, usize> = HashMap::new();
    for release in services.flat_map(|service| &service.any) {
        *users.entry(release).or_default() += 1;
    }
    users.into_iter().filter(|(_, count)| count * 2 > known).map(|(release, _)| release).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Index, InstanceId, Plan, Service, Topology};

    fn releases(names: &str) -> Vec<ReleaseRef> {
        names.split_whitespace().map(|name| ReleaseRef { name: name.into(), version: "1".into() }).collect()
    }

    fn catalog() -> Catalog {
        let service = |id: &str, made_of: &str| {
            let topology = (!made_of.is_empty()).then(|| Topology::new(releases(made_of), Vec::new()));
            let service = ServiceId::new(id).unwrap();
            let plan = PlanId::new(format!("{id}-small")).unwrap();
            let plans = vec![Plan { id: plan, name: "small".into(), service: service.clone(), topology }];
            Service { id: service, name: id.into(), plans }
        };
        Catalog::new(vec![
            service("redis", "bpm redis-forge"),
            service("pg", "bpm postgres"),
            service("maria", "bpm mariadb"),
            service("odd", ""),
        ])
        .unwrap()
    }

    #[test]
    fn a_deployment_may_be_of_a_plan_unless_the_list_shows_that_it_is_made_of_other_things() {
        let catalog = catalog();
        let index = Index::parse(
            r#"{"redis":{"plan_id":"redis-small"},"retired":{"service_id":"redis","plan_id":"redis-old"},
                "named":{"plan_id":"redis-small","deployment_name":"red"},
                "odd":{"plan_id":"odd-small"},"odd-named":{"plan_id":"odd-small","deployment_name":"o"}}"#,
        )
        .unwrap();
        for (made_of, entry, may_be) in [
            ("bpm capi diego", "redis", false),
            ("bpm postgres", "redis", false),
            // Of an older manifest of the plan, or of a changed one.
            ("redis-forge", "redis", true),
            ("bpm redis-forge audit-tail", "redis", true),
            ("bpm redis-forge", "redis", true),
            // Of a plan that nobody knows the service tells.
            ("bpm redis-forge", "retired", true),
            ("bpm capi", "retired", false),
            // What is not known rules nothing out.
            ("", "redis", true),
            ("bpm capi", "odd", true),
            // A recorded name rules out all but what has all of it.
            ("bpm redis-forge audit-tail", "named", true),
            ("redis-forge", "named", false),
            ("bpm capi", "named", false),
            ("", "named", false),
            ("bpm capi", "odd-named", false),
        ] {
            let mut summary = DeploymentSummary::named(DeploymentName::new("blue").unwrap());
            summary.releases = releases(made_of);
            let known = Known::of(&catalog, std::iter::empty());
            let doubts = Doubts { known, hidden: vec![Hidden::of(&summary)] };
            let got = doubts.about(index.entry(&InstanceId::new(entry).unwrap()).unwrap());
            assert_eq!(got.is_some(), may_be, "{made_of} as {entry}");
        }
    }
}
