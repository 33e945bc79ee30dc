//! The services and plans a broker offers.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Job, PlanId, ReleaseRef, ServiceId, Topology};

/// A plan of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The id as the broker announces it; it begins with the service's id.
    pub id: PlanId,
    /// The bare name. Names repeat between services.
    pub name: Arc<str>,
    /// The service the plan belongs to.
    pub service: ServiceId,
    /// What the plan's own manifest deploys, where that manifest is known.
    pub topology: Option<Topology>,
}

/// A service and its plans, in the broker's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The id as the broker announces it.
    pub id: ServiceId,
    /// Its name.
    pub name: Arc<str>,
    /// Its plans.
    pub plans: Vec<Plan>,
}

/// A catalog that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Two services share an id.
    #[error("service id `{0}` occurs twice; give each service an id of its own")]
    DuplicateService(ServiceId),
    /// Two plans share an id, so a deployment's name could mean either.
    #[error(
        "plan id `{plan}` occurs twice, in service `{first}` and in service `{second}`; \
         plan ids must be unique over the whole catalog"
    )]
    DuplicatePlan {
        /// The id.
        plan: PlanId,
        /// The service that had it first.
        first: ServiceId,
        /// The service that has it again.
        second: ServiceId,
    },
    /// No plan at all: every deployment would look foreign.
    #[error("the catalog holds no plan; point it at the folder that holds the services' folders")]
    Empty,
}

/// What is odd about a plan without making the catalog useless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanNotice {
    /// The plan.
    pub plan: PlanId,
    /// What is odd: which file, and what is wrong with it.
    pub message: String,
}

/// A service's and a plan's place in their lists.
type Place = (usize, usize);
type Places = Vec<Place>;

/// A catalog in which every plan id is unique, found by equality in one step
/// however many plans there are.
#[derive(Debug, Clone)]
pub struct Catalog {
    services: Vec<Service>,
    notices: Vec<PlanNotice>,
    by_plan: HashMap<PlanId, Place>,
    by_plan_name: HashMap<Arc<str>, Places>,
    by_release: HashMap<Arc<str>, Places>,
    by_job: HashMap<Arc<str>, HashMap<Arc<str>, Places>>,
}

impl Catalog {
    /// The same with what is odd about some of its plans.
    #[must_use]
    pub fn with_notices(mut self, notices: Vec<PlanNotice>) -> Self {
        self.notices = notices;
        self
    }

    /// What is odd about some of its plans.
    #[must_use]
    pub fn notices(&self) -> &[PlanNotice] {
        &self.notices
    }

    /// Identifies the catalog: every service and plan with names, order and
    /// what the plans' own manifests deploy. Two catalogs with the same
    /// fingerprint lead to the same decisions and records.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = Sha256::new();
        let mut feed = |text: &str| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        };
        for service in &self.services {
            feed("service");
            feed(service.id.as_str());
            feed(&service.name);
            for plan in &service.plans {
                feed("plan");
                feed(plan.id.as_str());
                feed(&plan.name);
                let Some(topology) = &plan.topology else { continue };
                for ReleaseRef { name, version } in &topology.releases {
                    ["release", name, version].into_iter().for_each(&mut feed);
                }
                for Job { group, name, release } in &topology.jobs {
                    ["job", group, name, release].into_iter().for_each(&mut feed);
                }
            }
        }
        super::digest::hex(&hasher.finalize()[..8])
    }

    /// Takes the broker's services.
    ///
    /// # Errors
    /// If an id occurs twice or there is no plan.
    pub fn new(services: Vec<Service>) -> Result<Self, CatalogError> {
        let mut by_plan: HashMap<PlanId, Place> = HashMap::new();
        let mut by_plan_name: HashMap<Arc<str>, Places> = HashMap::new();
        let mut by_release: HashMap<Arc<str>, Places> = HashMap::new();
        let mut by_job: HashMap<Arc<str>, HashMap<Arc<str>, Places>> = HashMap::new();
        for (s, service) in services.iter().enumerate() {
            if services[..s].iter().any(|earlier| earlier.id == service.id) {
                return Err(CatalogError::DuplicateService(service.id.clone()));
            }
            for (p, plan) in service.plans.iter().enumerate() {
                if let Some((first, _)) = by_plan.insert(plan.id.clone(), (s, p)) {
                    return Err(CatalogError::DuplicatePlan {
                        plan: plan.id.clone(),
                        first: services[first].id.clone(),
                        second: service.id.clone(),
                    });
                }
                by_plan_name.entry(Arc::clone(&plan.name)).or_default().push((s, p));
                for release in plan.topology.iter().flat_map(|topology| &topology.releases) {
                    push_once(by_release.entry(Arc::clone(&release.name)).or_default(), (s, p));
                }
                for job in plan.topology.iter().flat_map(|topology| &topology.jobs) {
                    let jobs = by_job.entry(Arc::clone(&job.release)).or_default();
                    push_once(jobs.entry(Arc::clone(&job.name)).or_default(), (s, p));
                }
            }
        }
        if by_plan.is_empty() {
            return Err(CatalogError::Empty);
        }
        Ok(Self { services, notices: Vec::new(), by_plan, by_plan_name, by_release, by_job })
    }

    /// The services, in the broker's order.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// All plans, in the broker's order.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.services.iter().flat_map(|service| &service.plans)
    }

    /// How many plans there are.
    #[must_use]
    pub fn plan_count(&self) -> usize {
        self.by_plan.len()
    }

    /// The plan of exactly that id. There is no look-up by prefix: plan ids are
    /// prefixes of one another as a rule.
    #[must_use]
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.by_plan.get(id).map(|at| self.at(*at))
    }

    /// The service of exactly that id.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id.as_str() == id)
    }

    /// The plans of that bare name, over all services.
    pub fn plans_named(&self, name: &str) -> impl Iterator<Item = &Plan> {
        self.by_plan_name.get(name).into_iter().flatten().map(|at| self.at(*at))
    }

    /// The plans whose own manifest uses a release.
    pub fn plans_with_release(&self, release: &str) -> impl ExactSizeIterator<Item = &Plan> {
        self.listed(self.by_release.get(release))
    }

    /// The plans whose own manifest runs a job of a release.
    pub fn plans_with_job(&self, release: &str, job: &str) -> impl ExactSizeIterator<Item = &Plan> {
        self.listed(self.by_job.get(release).and_then(|jobs| jobs.get(job)))
    }

    /// Whether a plan's own manifest names a release or a job so.
    #[must_use]
    pub fn deploys(&self, name: &str) -> bool {
        self.by_release.contains_key(name)
            || self.by_job.iter().any(|(release, jobs)| &**release == name || jobs.contains_key(name))
    }

    fn listed<'a>(&'a self, places: Option<&'a Places>) -> impl ExactSizeIterator<Item = &'a Plan> {
        places.map_or(&[][..], Vec::as_slice).iter().map(|at| self.at(*at))
    }

    fn at(&self, (service, plan): (usize, usize)) -> &Plan {
        &self.services[service].plans[plan]
    }
}

fn push_once(places: &mut Places, at: Place) {
    if places.last() != Some(&at) {
        places.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: &str, plans: &[&str]) -> Service {
        let service = ServiceId::new(id).unwrap();
        Service {
            id: service.clone(),
            name: id.into(),
            plans: plans
                .iter()
                .map(|plan| Plan {
                    id: PlanId::new(format!("{id}-{plan}")).unwrap(),
                    name: (*plan).into(),
                    service: service.clone(),
                    topology: None,
                })
                .collect(),
        }
    }

    #[test]
    fn plans_are_found_by_equality_never_by_prefix() {
        let catalog = Catalog::new(vec![service("redis", &["small", "small-ha"])]).unwrap();
        assert_eq!(catalog.plan("redis-small-ha").unwrap().name.as_ref(), "small-ha");
        assert!(catalog.plan("redis-sma").is_none());
        assert!(catalog.plan("redis-small-").is_none());
    }

    #[test]
    fn a_plan_id_that_two_services_share_is_refused_with_both_names() {
        let err = Catalog::new(vec![service("a", &["b-c"]), service("a-b", &["c"])]).unwrap_err();
        let text = err.to_string();
        assert!(text.contains("`a-b-c`") && text.contains("`a`") && text.contains("`a-b`"), "{text}");
        assert_eq!(Catalog::new(vec![service("a", &[])]).unwrap_err(), CatalogError::Empty);
    }
}
