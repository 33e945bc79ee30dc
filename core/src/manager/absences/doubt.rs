//! Which deployments that could not be understood may be an absent entry's.
//!
//! A manifest that cannot be read, or a strategy that failed, hides whose
//! deployment it is; it must not hide that those of others are gone. Why it is
//! safe to count an entry all the same: its deployment is none that the list has
//! by a name that speaks for it, by a claim, or by what the entry records. A
//! deployment never changes its name: an entry that records one was last seen
//! there, and it turns missing only if the Director itself does not know that
//! name either, nor the one that the broker would have given. Only an entry that
//! records none may have a deployment under any name. It waits, unless the list
//! shows that the deployment is made of other things than the entry's plan. And
//! if all of this were wrong, the entry heals as soon as somebody mends the
//! manifest.

use std::collections::{HashMap, HashSet};

use crate::manager::survey::Survey;
use crate::model::{Catalog, DeploymentName, DeploymentSummary, IndexEntry, Plan};

/// From so many services on it can be told what most of them have.
const LEAST_SERVICES: usize = 3;

/// What could not be understood.
pub(super) struct Doubts<'a> {
    catalog: &'a Catalog,
    /// The releases that most services have: they tell nothing.
    common: HashSet<&'a str>,
    hidden: Vec<Hidden<'a>>,
}

/// A deployment that could be anybody's, by its name.
struct Hidden<'a> {
    name: &'a DeploymentName,
    releases: HashSet<&'a str>,
}

impl<'a> Doubts<'a> {
    pub(super) fn of(survey: &'a Survey) -> Self {
        let (catalog, index) = (&*survey.facts.catalog, &survey.facts.index);
        let decided = survey.decisions.iter().zip(&survey.scan.summaries);
        // One that has the name of another entry is that one's.
        let hidden = decided
            .filter(|(decision, summary)| {
                decision.is_degraded() && index.expecting(summary.name.as_str()).next().is_none()
            })
            .map(|(_, summary)| Hidden::of(summary))
            .collect();
        Self { catalog, common: common(catalog), hidden }
    }

    /// A deployment that may be the entry's, if there is one.
    pub(super) fn about(&self, entry: &IndexEntry) -> Option<&'a DeploymentName> {
        if entry.fields.text("deployment_name").is_some_and(|name| !name.is_empty()) {
            return None;
        }
        let plan = entry.plan().and_then(|plan| self.catalog.plan(plan.as_str()));
        self.hidden.iter().find(|hidden| self.may_be_of(hidden, plan)).map(|hidden| hidden.name)
    }

    /// Whether a deployment may be one of a plan, by the releases that the list
    /// shows. Where either is unknown, it may.
    fn may_be_of(&self, hidden: &Hidden<'_>, plan: Option<&Plan>) -> bool {
        let topology = plan.and_then(|plan| plan.topology.as_ref());
        let wanted: Vec<&str> =
            topology.iter().flat_map(|topology| &topology.releases).map(|release| &*release.name).collect();
        let has = |release: &&str| hidden.releases.contains(*release);
        wanted.is_empty()
            || hidden.releases.is_empty()
            || wanted.iter().all(&has)
            || wanted.iter().any(|release| has(release) && !self.common.contains(release))
    }
}

impl<'a> Hidden<'a> {
    fn of(summary: &'a DeploymentSummary) -> Self {
        let releases = summary.releases.iter().map(|release| &*release.name).collect();
        Self { name: &summary.name, releases }
    }
}

/// The releases that more than half of the services deploy.
fn common(catalog: &Catalog) -> HashSet<&str> {
    let mut users: HashMap<&str, usize> = HashMap::new();
    let mut known = 0;
    for service in catalog.services() {
        let topologies = service.plans.iter().filter_map(|plan| plan.topology.as_ref());
        let releases: HashSet<&str> =
            topologies.flat_map(|topology| &topology.releases).map(|release| &*release.name).collect();
        known += usize::from(!releases.is_empty());
        releases.into_iter().for_each(|release| *users.entry(release).or_default() += 1);
    }
    if known < LEAST_SERVICES {
        return HashSet::new();
    }
    users.into_iter().filter(|(_, count)| count * 2 > known).map(|(release, _)| release).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PlanId, ReleaseRef, Service, ServiceId, Topology};

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
        let doubts = Doubts { catalog: &catalog, common: common(&catalog), hidden: Vec::new() };
        for (made_of, plan, may_be) in [
            ("bpm capi diego", "redis-small", false),
            ("bpm postgres", "redis-small", false),
            // Of an older manifest of the plan, or of a changed one.
            ("redis-forge", "redis-small", true),
            ("bpm redis-forge audit-tail", "redis-small", true),
            ("bpm redis-forge", "redis-small", true),
            // What is not known rules nothing out.
            ("", "redis-small", true),
            ("bpm capi", "odd-small", true),
            ("bpm capi", "retired", true),
        ] {
            let mut summary = DeploymentSummary::named(DeploymentName::new("blue").unwrap());
            summary.releases = releases(made_of);
            let got = doubts.may_be_of(&Hidden::of(&summary), catalog.plan(plan));
            assert_eq!(got, may_be, "{made_of} as {plan}");
        }
    }
}
