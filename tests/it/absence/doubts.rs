//! What cannot be understood keeps back the entries that it might be, and no
//! others.

use reconciler_core::synchronizer::Waiting;

use super::{World, codes, id, name, object};

/// A manifest that is no YAML. What else the Director says of the deployment leads
/// nowhere, unless it is told what it is made of.
fn add_foreign(world: &World, name: &str) {
    world.director.holdings().deployments.insert(name.to_owned(), "name: cf\n foo: [\n".to_owned());
}

/// Such a deployment that has nothing to do with us.
fn add_cf(world: &World) {
    add_foreign(world, "cf");
    world.director.holdings().releases.insert("cf".to_owned(), vec!["capi", "diego"]);
}

/// An entry that records nothing but what the broker was asked for.
async fn add_entry(world: &World, number: usize, fields: &str) {
    let mut index = world.index().await;
    index.set_value(id(number), &object(fields));
    world.put("db", &index).await;
}

const OF_REDIS: &str = r#"{"service_id":"redis","plan_id":"redis-small","created":1700000000}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_manifest_of_a_foreign_deployment_does_not_end_the_counting() {
    let world = World::of(6).await;
    world.run().await;
    add_cf(&world);
    world.delete(0);
    for (minutes, says) in [(0, "-"), (60, "missing")] {
        world.wait(minutes);
        let report = world.run().await;
        // It is told as before, and the run is incomplete.
        assert!(!report.complete && report.unknown.iter().any(|one| one.deployment == "cf"), "{report:?}");
        assert_eq!(world.says(0).await, says);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_records_no_deployment_waits_for_what_may_be_its_own() {
    let world = World::of(8).await;
    world.run().await;
    add_entry(&world, 8, OF_REDIS).await;
    world.delete(0);
    world.run().await;
    let counted = world.state_of(8);
    assert_eq!(counted, Some(1));
    // This one is made of the same, and its name says nothing.
    add_foreign(&world, "freight-queue-blue");
    for _ in 0..2 {
        world.wait(60);
        let report = world.run().await;
        let absent = report.absent.iter().find(|one| one.instance == id(8)).unwrap();
        let deployment = "freight-queue-blue".to_owned();
        assert_eq!(absent.waiting, Some(Waiting::NotUnderstood { deployment }));
        assert!(absent.next_step.contains("explain freight-queue-blue"), "{absent:?}");
        // What was counted stays, and does not grow.
        assert_eq!((world.says(8).await, world.state_of(8)), ("-", counted));
        assert_eq!((report.counts.unseen, report.counts.absent), (2, 0), "{:?}", report.absent);
        let told = report.findings.iter().find(|one| one.subject == id(8)).unwrap();
        assert!(told.message.contains("`freight-queue-blue` could not be understood"), "{told:?}");
    }
    // One that records a name might have been deployed under another since.
    assert_eq!(world.says(0).await, "-");
    world.director.holdings().deployments.remove("freight-queue-blue");
    world.run().await;
    assert_eq!((world.says(0).await, world.says(8).await), ("missing", "missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_topology_what_is_matched_tells_what_a_deployment_is_made_of() {
    let world = World::of(6).await;
    add_cf(&world);
    world.director.holdings().oversized.insert("cf".to_owned());
    add_entry(&world, 7, OF_REDIS).await;
    // Of its plan nothing is there, but of its service.
    add_entry(&world, 8, &OF_REDIS.replace("redis-small", "redis-old")).await;
    // Of this one nobody knows anything.
    add_entry(&world, 9, r#"{"service_id":"pg","plan_id":"pg-standalone","created":1700000000}"#).await;
    world.run().await;
    world.wait(60);
    let report = world.run().await;
    assert!(!report.complete && report.unknown.iter().any(|one| one.deployment == "cf"), "{report:?}");
    assert_eq!(
        (world.says(7).await, world.says(8).await, world.says(9).await),
        ("missing", "missing", "-"),
        "{:?}",
        report.absent
    );
    assert_eq!((report.counts.unseen, report.counts.absent), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_the_name_of_another_entry_is_that_ones_though_it_cannot_be_understood() {
    let world = World::of(6).await;
    world.run().await;
    add_entry(&world, 8, OF_REDIS).await;
    add_foreign(&world, &name(1));
    world.run().await;
    world.wait(60);
    world.run().await;
    assert_eq!((world.says(8).await, world.says(1).await), ("missing", "-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_was_not_read_makes_the_scan_count_nothing_and_the_run_says_so() {
    let world = World::of(6).await;
    world.run().await;
    world.delete(0);
    world.director.holdings().unreadable.insert(name(1));
    for _ in 0..3 {
        let report = world.run().await;
        let said = super::message(&report, "scan.uncounted");
        let expected = format!(
            "this scan does not count: 1 entry is without a deployment, and deployment `{}` could not be seen",
            name(1)
        );
        assert_eq!(said, expected);
        assert_eq!((report.counts.unseen, report.counts.absent), (1, 0));
        assert!(!codes(&report).contains("entry.absent"), "{:?}", report.findings);
        world.wait(60);
    }
    assert_eq!((world.says(0).await, world.state_of(0)), ("-", None));
}

impl World {
    /// In how many complete scans an instance was absent, if that is remembered.
    fn state_of(&self, number: usize) -> Option<u32> {
        use reconciler_core::ports::RunState as _;
        let absences = self.state().absences().unwrap();
        absences.iter().find(|one| one.instance.as_str() == id(number)).map(|one| one.complete_scans)
    }
}
