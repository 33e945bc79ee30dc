//! The decisions of the example, as a snapshot.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use reconciler_core::manifest::{Deployment, Manifest};
use reconciler_core::matching::Explanation;
use reconciler_core::model::{
    Catalog, DeploymentName, DeploymentSummary, Index, Plan, PlanId, Service, ServiceId,
};
use reconciler_core::testing::{Fleet, assert_decisions};

const A: &str = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";

fn deployment(name: &str) -> Deployment {
    let summary = DeploymentSummary::named(DeploymentName::new(name).unwrap());
    Deployment::new(summary, Manifest::absent())
}

fn fleet() -> Fleet {
    let service = ServiceId::new("redis").unwrap();
    let plan = Plan {
        id: PlanId::new("redis-small").unwrap(),
        name: "small".into(),
        service: service.clone(),
        topology: None,
    };
    let catalog =
        Catalog::new(vec![Service { id: service, name: "redis".into(), plans: vec![plan] }]).unwrap();
    let deployments = vec![
        deployment("concourse"),
        deployment(&format!("redis-small.of.shop.{A}")),
        deployment("redis-small.of.shop.aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
        deployment(&format!("redis-small.of.search.{A}")),
        deployment(&format!("redis-huge.of.shop.{A}")),
    ];
    Fleet::new(catalog, Index::default(), deployments)
}

#[test]
fn team_caches_are_found_by_their_names() {
    let engine = reconciler_embedding::engine().unwrap();
    assert_decisions!(engine, fleet());
}

#[test]
fn a_decision_explains_itself() {
    let engine = reconciler_embedding::engine().unwrap();
    let fleet = fleet();
    let decision = engine.decide(&fleet.deployments[2], &fleet.facts);
    let text = Explanation::new(&decision, engine.policy()).to_string();
    assert!(text.contains("name.team-cache") && text.contains("0.850"), "{text}");
}
