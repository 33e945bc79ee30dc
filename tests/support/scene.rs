//! Small fleets for tests of deciding, in few words: plans, an index, some
//! deployments.

use reconciler_core::manifest::{Deployment, Document, Manifest, topology};
use reconciler_core::matching::{Decision, Facts, MatchEngine, Outcome, Policy, PolicyKind, ReviewReason};
use reconciler_core::model::{
    Catalog, DeploymentName, DeploymentSummary, FleetStatistics, Index, Plan, PlanId, ReleaseRef, Service,
    ServiceId,
};

/// An instance.
pub const A: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
/// Another one.
pub const B: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
/// A third one.
pub const C: &str = "c0ffee00-1111-4222-9333-444455556666";

/// A fleet with everything that its decisions are made from.
#[derive(Debug, Clone)]
pub struct Scene {
    services: Vec<Service>,
    index: String,
    /// The deployments, in the order in which they were added.
    pub deployments: Vec<Deployment>,
}

impl Scene {
    /// A fleet without deployments and index. The catalog is written
    /// `service: plan plan; service: plan`, and a plan's id is `service-plan`.
    ///
    /// # Panics
    /// If an id is not valid.
    #[must_use]
    pub fn of(catalog: &str) -> Self {
        let services = catalog
            .split(';')
            .map(|line| {
                let (id, plans) = line.split_once(':').expect("`service: plans`");
                let id = ServiceId::new(id.trim()).expect("a service id");
                let plans = plans.split_whitespace().map(|name| plan(&id, name, name)).collect();
                Service { name: id.as_str().into(), id, plans }
            })
            .collect();
        Self { services, index: "{}".to_owned(), deployments: Vec::new() }
    }

    /// Adds a plan to the last service: what follows the service in its id, its
    /// name, and the text of its own manifest.
    ///
    /// # Panics
    /// If the id is not valid.
    #[must_use]
    pub fn plan(mut self, id: &str, name: &str, manifest: &str) -> Self {
        let service = self.services.last_mut().expect("a service");
        let topology = topology::of(&Document::parse(manifest));
        let added =
            Plan { topology: (!topology.is_empty()).then_some(topology), ..plan(&service.id, id, name) };
        service.plans.push(added);
        self
    }

    /// The same fleet with services and plans in the opposite order.
    #[must_use]
    pub fn reversed_catalog(mut self) -> Self {
        self.services.reverse();
        self.services.iter_mut().for_each(|service| service.plans.reverse());
        self
    }

    /// The index, as JSON.
    #[must_use]
    pub fn index(mut self, json: impl Into<String>) -> Self {
        self.index = json.into();
        self
    }

    /// An index of one entry, in the broker's form.
    #[must_use]
    pub fn entry(self, instance: &str, service: &str, plan: &str) -> Self {
        self.index(format!(r#"{{"{instance}": {{"service_id": "{service}", "plan_id": "{plan}"}}}}"#))
    }

    /// Adds a deployment.
    ///
    /// # Panics
    /// If the name is not valid.
    #[must_use]
    pub fn deployment(mut self, name: impl AsRef<str>, manifest: Manifest) -> Self {
        let name = DeploymentName::new(name).expect("a deployment's name");
        let mut summary = DeploymentSummary::named(name);
        summary.releases = vec![ReleaseRef { name: "bpm".into(), version: "1.4.20".into() }];
        self.deployments.push(Deployment::new(summary, manifest));
        self
    }

    /// What the decisions are made from.
    ///
    /// # Panics
    /// If catalog or index cannot be used.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts::new(
            Catalog::new(self.services.clone()).expect("a catalog"),
            Index::parse(&self.index).expect("an index"),
            FleetStatistics::of(self.deployments.iter().map(|deployment| deployment.summary.as_ref())),
        )
    }

    /// The decisions about the whole fleet.
    #[must_use]
    pub fn decide(&self, engine: &MatchEngine) -> Vec<Decision> {
        engine.decide_all(&self.deployments, &self.facts())
    }
}

fn plan(service: &ServiceId, id: &str, name: &str) -> Plan {
    Plan {
        id: PlanId::new(format!("{service}-{id}")).expect("a plan id"),
        name: name.into(),
        service: service.clone(),
        topology: None,
    }
}

/// A manifest in which the broker's own field states the instance.
#[must_use]
pub fn states(instance: &str) -> Manifest {
    Manifest::from_text(format!("meta: {{params: {{instance_id: {instance}}}}}\n"))
}

/// A manifest in which people stated service, plan and instance.
#[must_use]
pub fn states_all(service: &str, plan: &str, instance: &str) -> Manifest {
    Manifest::from_text(format!(
        "properties: {{blacksmith: {{service_id: {service}, plan_id: {plan}, instance_id: {instance}}}}}\n"
    ))
}

/// A manifest that is not YAML.
#[must_use]
pub fn broken() -> Manifest {
    Manifest::from_text("meta: [")
}

/// An engine of all strategies that are linked.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn engine(kind: PolicyKind) -> MatchEngine {
    let policy = Policy { kind, ..Policy::default() };
    MatchEngine::builder()
        .with_registered()
        .and_then(|builder| builder.policy(policy).build())
        .expect("strategies are linked")
}

/// An engine of exactly these strategies.
///
/// # Panics
/// If one is not linked.
#[must_use]
pub fn engine_of(strategies: &[&str]) -> MatchEngine {
    MatchEngine::builder()
        .with_registered()
        .and_then(|builder| builder.select(strategies.iter().copied()).build())
        .expect("the strategies are linked")
}

/// A decision's outcome in one line: `matched redis / redis-small / …`,
/// `review ambiguous`, `review second-claim of NAME`, `unmatched`.
#[must_use]
pub fn outcome(decision: &Decision) -> String {
    match &decision.outcome {
        Outcome::Matched(identity) => format!("matched {identity}"),
        Outcome::Review(ReviewReason::SecondClaim { holder }) => {
            let holder = holder.as_ref().map_or("nobody", |name| name.as_str());
            format!("review second-claim of {holder}")
        }
        Outcome::Review(reason) => format!("review {reason}"),
        other => other.name().to_owned(),
    }
}
