//! Missing and stray through the program itself: processes that remember, the
//! limit, and the on-demand broker's contract.

use std::collections::BTreeSet;

use chrono::{Duration, Utc};
use reconciler_core::adapters::sqlite::{StateFile, StateOwner};
use reconciler_core::model::{InstanceId, layout};
use reconciler_core::ports::{CompleteScan, RunState};

use super::program::{DIRECTOR, World};

const STRAY: &str = "redis-dedicated-ea614e7d-0d2d-4abc-81dd-2d5b9472ef03";

fn instance(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

/// A fleet after a run, with so many more entries whose deployments are gone.
async fn with_absent(entries: usize) -> World {
    let world = World::new();
    world.run("run").ends(0);
    world
        .change(layout::INDEX, |index| {
            // Absent, and young or old by the day on which the test is run.
            index.remove("ffd2d368-a5f1-4d20-9217-44a0efa1f0cc");
            for number in 0..entries {
                let entry = serde_json::json!({
                    "service_id": "redis", "plan_id": "redis-small", "created": 1_700_000_000
                });
                index.set_value(instance(number), &entry);
            }
        })
        .await;
    world
}

/// Moves the beginning of all absences that are remembered into the past.
fn age(world: &World, hours: i64) {
    let state = StateFile::open(world.state_file(), StateOwner::fleet(DIRECTOR)).unwrap();
    let absent: BTreeSet<InstanceId> =
        state.absences().unwrap().into_iter().map(|one| one.instance).collect();
    state.forget_absences(&absent).unwrap();
    let (at, unknown) = (Utc::now() - Duration::hours(hours), BTreeSet::new());
    let scan = CompleteScan { at, absent, unknown, longest_gap: Duration::days(3) };
    state.record_complete_scan(&scan).unwrap();
}

async fn is_missing(world: &World, number: usize) -> bool {
    let index = world.fields(layout::INDEX).await;
    index.raw(&instance(number)).unwrap().get().contains(r#""orphaned":true"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_count_together_and_none_of_them_alone() {
    let world = with_absent(1).await;
    for _ in 0..3 {
        world.run("run").ends(0).says(&["entry.absent"]);
        assert!(!is_missing(&world, 0).await);
    }
    age(&world, 3);
    let plan = world.run("plan").ends(0);
    plan.says(&[
        "a run would call it so now",
        "+ orphaned: true",
        "+ orphaned_reason: \"no_bosh_deployment\"",
    ]);
    assert!(!is_missing(&world, 0).await);
    let list = world.run("orphans list --json").ends(10);
    let absent = list.document()["data"]["absent"].as_array().unwrap().clone();
    assert!(absent.iter().any(|one| one["next_step"] == "the next run calls it missing"), "{absent:?}");
    world.run("run").ends(0).says(&["marked now", "called so by this run"]);
    assert!(is_missing(&world, 0).await);
    world.run("run").ends(0).says(&["Nothing had changed: 0 writes."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_refuses_with_what_to_do_and_is_lifted_for_one_run() {
    let world = with_absent(40).await;
    world.run("run").ends(0);
    age(&world, 3);
    let run = world.run("run").ends(4).says(&[
        "refused",
        "40 of ",
        "at most 10 may",
        "Most likely: ",
        "`orphans list`",
        "run --allow-missing 40",
    ]);
    assert_eq!(run.stdout.matches("entry.absent").count(), 40, "{}", run.stdout);
    assert!(!is_missing(&world, 0).await);
    let report = world.run("run --json").ends(4).document();
    let refusal = &report["data"]["refusals"][0];
    assert_eq!((refusal["limit"].as_u64(), refusal["observed"].as_u64()), (Some(10), Some(40)));
    world.run("orphans list").ends(4).says(&["run --allow-missing 40"]);
    world.run("run --allow-missing 40").ends(0);
    assert!(is_missing(&world, 0).await && is_missing(&world, 39).await);
    world.run("run").ends(0);
}

#[test]
fn strays_are_printed_as_the_on_demand_broker_prints_them() {
    let world = World::new();
    world.run("run").ends(0);
    let list = world
        .run("orphans list --format odb")
        .ends(10)
        .warns(&["Orphan BOSH deployments detected with no corresponding service instance in the platform."]);
    assert_eq!(list.stdout, format!("[{{\"deployment_name\":\"{STRAY}\"}}]\n"));
    world.run("orphans list --format odb --exit-zero").ends(0);
    // None is an empty list, and no word beside.
    let none = world.run("orphans list --format odb --service mariadb --deployment x*").ends(0);
    assert_eq!(none.stdout, "[]\n");
    assert!(!none.stderr.contains("Orphan BOSH"));
    // What scripts would delete by is whole, or it is not there.
    std::fs::write(world.manifest("booking-search-cache"), "a: [").unwrap();
    world.run("orphans list --format odb").fails(1, &["not everything could be seen"]);
    world.run("orphans list").ends(3);
    std::fs::remove_file(world.file("director/deployments.json")).unwrap();
    world.run("orphans list --format odb").fails(1, &["deployments.json"]);
    // No other command has it.
    world.run("scan --format odb").fails(1, &["--format odb is for `orphans list`"]);
}

#[test]
fn missing_and_stray_are_listed_apart_and_nothing_is_written() {
    let world = World::new();
    let before = world.traces();
    let list = world.run("orphans list").ends(10);
    list.says(&["Entry", "Deployment", "missing", "absent", STRAY, "find out whose it is"]);
    assert_eq!(world.traces(), before);
    let document = world.run("orphans list --json").ends(10).document();
    assert_eq!(document["kind"], "Orphans");
    let absent = document["data"]["absent"].as_array().unwrap();
    let states: BTreeSet<&str> = absent.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, BTreeSet::from(["absent", "missing"]));
    world.run("orphans list --exit-zero").ends(0);
    let one = world.run("orphans list --instance 4ef643e7-39f0-4d7b-ad02-d7df4e7a2afa --json").document();
    assert_eq!(one["data"]["absent"].as_array().unwrap().len(), 1);
}
