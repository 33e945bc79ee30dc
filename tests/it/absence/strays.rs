//! Deployments that look like ours and have no instance.

use chrono::DateTime;
use reconciler_core::manager::StrayDeployment;
use reconciler_core::ports::DirectorEvent;

use super::{World, codes, id, message, name, object};

fn created(id: u64, deployment: &str, user: &str) -> DirectorEvent {
    DirectorEvent {
        id,
        at: DateTime::from_timestamp(1_799_990_000, 0).unwrap(),
        user: user.to_owned(),
        action: "create".to_owned(),
        object_type: "deployment".to_owned(),
        object_name: deployment.to_owned(),
        deployment: Some(deployment.to_owned()),
        task: Some(id.to_string()),
        error: None,
    }
}

async fn with(deployments: &[(&str, &str)]) -> World {
    let world = World::of(3).await;
    world.run().await;
    for (name, manifest) in deployments {
        world.director.holdings().deployments.insert((*name).to_owned(), (*manifest).to_owned());
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_ours_and_has_no_instance_is_stray_and_nothing_else_is() {
    let uuid = id(77);
    let stated = format!("meta: {{params: {{instance_id: {uuid}}}}}\n");
    let cases: [(String, &str, &str, &str); 8] = [
        // Only its name says so: that makes no entry.
        (format!("redis-small-{uuid}"), "", "stray", "redis-small"),
        // Name and manifest agree: the run makes an entry.
        (format!("redis-small-{uuid}"), &stated, "none", ""),
        // Named as the broker names, by a plan that nobody knows.
        (format!("redis-retired-{uuid}"), "", "stray", "redis-retired"),
        // Nothing of ours.
        (format!("mongodb-standalone-{uuid}"), "", "none", ""),
        (format!("service-instance_{uuid}"), "", "none", ""),
        ("concourse".to_owned(), "", "none", ""),
        // What is left of an instance that the index has.
        (format!("redis-small-{}-old", id(1)), "", "none", ""),
        // What cannot be read may be anybody's.
        (format!("redis-small-{uuid}"), "a: [", "none", ""),
    ];
    for (deployment, manifest, expected, plan) in cases {
        let world = with(&[(&deployment, manifest)]).await;
        world.director.holdings().events = vec![created(5, &deployment, "boss")];
        let listed = world.orphans().await;
        let report = world.run().await;
        assert_eq!(listed.strays, report.strays, "{deployment}");
        assert_eq!(report.counts.stray, report.strays.len());
        if expected == "none" {
            assert!(report.strays.is_empty(), "{:?}", report.strays);
            continue;
        }
        let [stray] = &report.strays[..] else { panic!("{deployment}: {report:?}") };
        assert_eq!((stray.deployment.as_str(), stray.plan.as_deref()), (deployment.as_str(), Some(plan)));
        assert_eq!((stray.created_by.as_deref(), stray.age_seconds), (Some("boss"), Some(10_000)));
        assert!(!stray.evidence.is_empty());
        let about = report.findings.iter().filter(|finding| finding.subject == deployment);
        let told = about.filter(|finding| finding.code != "manifest.notice").count();
        assert_eq!(told, 1, "{:?}", report.findings);
        let origin = "created 2027-01-15T05:13:20Z by boss";
        assert!(report.findings.iter().any(|finding| finding.message.ends_with(origin)), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_only_for_strays_and_what_they_do_not_say_is_absent() {
    let world = with(&[]).await;
    world.orphans().await;
    assert!(!world.director.requests().contains(&"events".to_owned()));
    let stray = format!("redis-retired-{}", id(77));
    let world = with(&[(&stray, "")]).await;
    let report = world.run().await;
    assert_eq!((&report.strays[0].created_at, &report.strays[0].created_by), (&None, &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_works_on_is_not_stray_yet() {
    let deployment = format!("redis-small-{}", id(77));
    let world = with(&[(&deployment, "")]).await;
    world.director.holdings().locked.insert(deployment.clone());
    assert!(world.run().await.strays.is_empty());
    world.director.holdings().locked.clear();
    assert_eq!(world.run().await.strays.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_the_broker_noted_as_deleted_is_stray_and_not_adopted() {
    let uuid = id(77);
    let deployment = format!("redis-small-{uuid}");
    let stated = format!("meta: {{params: {{instance_id: {uuid}}}}}\n");
    let world = with(&[(&deployment, &stated)]).await;
    world.put(&format!("{uuid}/metadata"), &object(r#"{"deleted_at":"2027-01-01T00:00:00Z"}"#)).await;
    let listed = world.orphans().await;
    assert!(listed.strays[0].evidence[1].contains("deleted_at"), "{listed:?}");
    let report = world.run().await;
    assert_eq!(report.counts.stray, 1);
    assert!(world.index().await.raw(&uuid).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_empty_index_nothing_is_called_stray() {
    // The on-demand broker's errand has no such guard: every deployment is an
    // orphan of an empty platform.
    let world = World::of(0).await;
    for number in 0..4 {
        world.director.holdings().deployments.insert(name(number), String::new());
    }
    let listed = world.orphans().await;
    assert!(listed.strays.is_empty());
    assert!(listed.findings.iter().any(|finding| finding.code == "index.empty"), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_claim_is_a_duplicate_and_the_instances_of_retired_plans_are_told() {
    let copy = format!(
        "properties: {{blacksmith: {{service_id: redis, plan_id: redis-small, instance_id: {}}}}}\n",
        id(1)
    );
    let world = with(&[("cache-copy", &copy), (&format!("redis-legacy-{}", id(9)), "")]).await;
    let mut index = world.index().await;
    index
        .set_value(id(9), &object(r#"{"service_id":"redis","plan_id":"redis-legacy","created":1700000000}"#));
    world.put("db", &index).await;
    let listed = world.orphans().await;
    let codes_listed: Vec<_> = listed.findings.iter().map(|finding| finding.code).collect();
    assert!(codes_listed.contains(&"deployment.duplicate"), "{listed:?}");
    assert!(codes_listed.contains(&"plan.retired"), "{listed:?}");
    let report = world.run().await;
    let found = codes(&report);
    assert!(found.contains("deployment.duplicate") && found.contains("plan.retired"), "{found:?}");
    assert!(report.strays.is_empty(), "{:?}", report.strays);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_for_deletion_comes_from_what_stands_there_and_not_from_memory() {
    let uuid = id(77);
    let deployment = format!("redis-small-{uuid}");
    let world = with(&[(&deployment, &format!("meta: {{params: {{instance_id: {uuid}}}}}\n"))]).await;
    world.put(&format!("{uuid}/metadata"), &object(r#"{"deleted_at":"2027-01-01T00:00:00Z"}"#)).await;
    assert_eq!((world.run().await.strays.len(), world.orphans().await.strays.len()), (1, 1));
    let recalled = world.run().await;
    assert!(recalled.strays[0].evidence[1].contains("; as read at 2027-"), "{:?}", recalled.strays);
    world.put(&format!("{uuid}/metadata"), &object(r#"{"created_at":"2027-01-01T00:00:00Z"}"#)).await;
    assert!(world.orphans().await.strays.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_the_instance_of_an_entry_that_is_none_is_not_called_stray() {
    let world = World::of(3).await;
    // Its plan was retired.
    let retired = format!("redis-old-{}", id(7));
    world.director.holdings().deployments.insert(retired.clone(), String::new());
    let stray = |names: &[StrayDeployment]| names.iter().any(|one| one.deployment == retired);
    assert!(stray(&world.run().await.strays));
    let mut index = world.index().await;
    index.set(id(7), serde_json::from_str("null").unwrap());
    world.put("db", &index).await;
    let report = world.run().await;
    assert!(!stray(&report.strays), "{:?}", report.strays);
    assert!(message(&report, "entry.not-an-object").contains(&id(7)));
    let listed = world.orphans().await;
    assert!(!stray(&listed.strays));
    assert!(listed.findings.iter().any(|finding| finding.code == "entry.not-an-object"));
}
