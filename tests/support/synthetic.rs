//! Fleets made by a rule, of any size, for benchmarks and tests of scale.

use std::fmt::Write as _;
use std::sync::Arc;

use reconciler_core::manifest::{Deployment, Document, Manifest, topology};
use reconciler_core::matching::Facts;
use reconciler_core::model::{
    Catalog, DeploymentName, DeploymentSummary, FleetStatistics, Index, InstanceId, JsonObject, Plan, PlanId,
    ReleaseRef, Service, ServiceId,
};

/// A fleet in memory.
#[derive(Debug)]
pub struct SyntheticFleet {
    /// The deployments.
    pub deployments: Vec<Deployment>,
    /// What they are judged by.
    pub facts: Facts,
}

/// How many plans a service has.
const PLANS_A_SERVICE: usize = 10;

/// Makes a fleet: every deployment is an instance of one of the plans, half of
/// them in the index, with manifests of 2 to 10 KB.
#[must_use]
pub fn fleet(deployments: usize, plans: usize) -> SyntheticFleet {
    let catalog = catalog(plans);
    let ids: Vec<PlanId> = catalog.plans().map(|plan| plan.id.clone()).collect();
    let mut index = JsonObject::new();
    let deployments: Vec<Deployment> = (0..deployments)
        .map(|number| {
            let plan = &ids[number % ids.len()];
            let instance = instance(number);
            if number % 2 == 0 {
                let service = format!("service-{}", number % ids.len() / PLANS_A_SERVICE);
                index.set_value(
                    instance.as_str(),
                    &serde_json::json!({"plan_id": plan.as_str(), "service_id": service}),
                );
            }
            deployment(number, plan, &instance)
        })
        .collect();
    let statistics = FleetStatistics::of(deployments.iter().map(|deployment| deployment.summary.as_ref()));
    let facts = Facts::new(catalog, Index::from_object(&index), statistics);
    SyntheticFleet { deployments, facts }
}

/// The catalog of such a fleet.
///
/// # Panics
/// Never: its names are valid and unique.
#[must_use]
pub fn catalog(plans: usize) -> Catalog {
    let services = (0..plans.div_ceil(PLANS_A_SERVICE))
        .map(|service| {
            let id = ServiceId::new(format!("service-{service}")).expect("a valid name");
            let in_service = PLANS_A_SERVICE.min(plans - service * PLANS_A_SERVICE);
            let plans = (0..in_service)
                .map(|plan| Plan {
                    id: PlanId::new(format!("{id}-plan-{plan}")).expect("a valid name"),
                    name: format!("plan-{plan}").into(),
                    service: id.clone(),
                    topology: Some(topology::of(&Document::parse(&parts(service, plan)))),
                })
                .collect();
            Service { name: id.as_str().into(), id, plans }
        })
        .collect();
    Catalog::new(services).expect("ids are unique")
}

/// The instance of that number.
///
/// # Panics
/// Never: it is a UUID.
#[must_use]
pub fn instance(number: usize) -> InstanceId {
    InstanceId::new(format!("{number:08x}-2fa1-41d2-883f-0016d3cca427")).expect("a UUID")
}

fn deployment(number: usize, plan: &PlanId, instance: &InstanceId) -> Deployment {
    let name = DeploymentName::new(format!("{plan}-{instance}")).expect("a valid name");
    let mut parts_of = plan.as_str().split('-').filter_map(|part| part.parse::<usize>().ok());
    let (service, plan) = (parts_of.next().unwrap_or(0), parts_of.next().unwrap_or(0));
    let mut summary = DeploymentSummary::named(name);
    summary.releases = ["bpm".to_owned(), format!("release-{service}")]
        .map(|name| ReleaseRef { name: name.into(), version: "1.10".into() })
        .into();
    let manifest = manifest(number, &summary.name, instance, &parts(service, plan));
    Deployment::new(summary, Manifest::from_text(manifest))
}

/// The releases and jobs of a plan.
fn parts(service: usize, plan: usize) -> String {
    format!(
        "releases:\n- {{name: bpm, version: 1.4.20}}\n- {{name: release-{service}, version: 1.10}}\n\
         instance_groups:\n- name: node\n  instances: 3\n  azs: [z1]\n  jobs:\n  - {{name: bpm, release: bpm}}\n  \
         - name: job-{plan}\n    release: release-{service}\n"
    )
}

fn manifest(number: usize, name: &DeploymentName, instance: &InstanceId, parts: &str) -> Arc<str> {
    let mut text = format!(
        "name: {name}\nmeta:\n  password: not-a-real-password\n  params:\n    instance_id: {instance}\n{parts}"
    );
    text.push_str("properties:\n");
    // 2 to 10 KB, as real ones are.
    let size = 2048 + number % 5 * 2048;
    let mut property = 0;
    while text.len() < size {
        let _ = writeln!(
            text,
            "  property_{property}:\n    enabled: true\n    limit: {property}\n    text: value of {property}"
        );
        property += 1;
    }
    text.into()
}
