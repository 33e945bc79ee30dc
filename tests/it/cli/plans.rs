//! `plan --out` and `apply`: what is saved, what is executed, and what is
//! refused.

use std::fs;
use std::path::PathBuf;

use reconciler_core::model::JsonObject;
use reconciler_core::model::json::raw;

use super::program::{Answer, DIRECTOR, World};

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
const DEPLOYMENT: &str = "redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f";

/// Saves a plan of one instance, whose records exist and lack something.
async fn planned(world: &World) -> PathBuf {
    world.run("run").ends(0);
    world.change(INSTANCE, |root| root.set("plan_name", raw("something else"))).await;
    let answer = world.run(&format!("plan --full --instance {INSTANCE} --out plan.json")).ends(0);
    answer.warns(&["plan.json, 1 instance;"]).says(&["plan_name", "1 to change"]);
    world.path("work/plan.json")
}

fn refused(answer: Answer, why: &[&str]) {
    let answer = answer.fails(4, why);
    answer.warns(&["what the plan of ", " was computed from has moved", "nothing was written"]);
}

#[test]
fn a_first_plan_is_saved_applied_once_and_told_to_be_applied_the_second_time() {
    let world = World::new();
    world.run("plan --out plan.json").ends(0).says(&["Nothing was written: this was a dry run."]);
    assert!(!world.store_file().exists(), "a plan makes no store");
    let run = world.run("apply plan.json --json").ends(0);
    assert!(run.count("changed") > 10 && run.count("writes") > 30);
    world.run("apply plan.json").ends(0).says(&["was applied already: nothing is left to write"]);
    assert_eq!(world.run("apply plan.json --json").ends(0).count("writes"), 0);
    world.run("run --full").ends(0).says(&["Nothing had changed: 0 writes."]);
    // A plan of nothing says so.
    world.run("plan --out plan.json").ends(0).says(&["Nothing to write."]);
    world.run("apply plan.json").ends(0).says(&["changes nothing"]);
}

#[test]
fn a_refused_apply_makes_no_store() {
    let world = World::new();
    world.run("plan --out plan.json").ends(0);
    refused(world.run("apply plan.json --threshold 0.99"), &["another chain of strategies or policy"]);
    assert!(!world.store_file().exists());
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_and_holds_no_value() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::new();
    let file = world.path("work/plan.json");
    for _ in 0..2 {
        world.run("plan --out plan.json").ends(0);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let text = fs::read_to_string(&file).unwrap();
    for part in
        ["reconciler-plan/1", DIRECTOR, INSTANCE, DEPLOYMENT, "\"chain\"", "\"catalog\"", "\"version\""]
    {
        assert!(text.contains(part), "{part}");
    }
    // A value, a name of the platform's, a line of a manifest.
    for value in ["booking-sessions", "maxmemory", "skerry", "password"] {
        assert!(!text.contains(value), "{value}");
    }
    let leftovers = fs::read_dir(world.path("work")).unwrap().count();
    assert_eq!(leftovers, 1, "nothing but the plan");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    world
        .run("plan --out plan.json")
        .fails(1, &["others than its owner may open it (mode 0644)", "chmod 600"]);
    world.run("apply plan.json").fails(1, &["mode 0644"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    world.run("plan --out nowhere/plan.json").fails(1, &["its folder does not exist"]);
    world.run("plan --out .").fails(1, &["is no regular file"]);
}

#[tokio::test]
async fn every_input_that_moved_is_named_and_nothing_is_written() {
    let world = World::new();
    planned(&world).await;
    let before = world.versions().await;
    let list = world.file("director/deployments.json");
    let (info, plan) = (world.file("director/info.json"), world.file("catalog/redis/small/plan.yml"));
    let service = world.file("catalog/redis/service.yml");
    assert!(plan.is_file() && service.is_file(), "the demo fleet's catalog");

    refused(world.run("apply plan.json --threshold 0.9"), &["another chain of strategies or policy"]);
    refused(world.run("apply plan.json --store other.db"), &["another store", "other.db"]);
    let kept = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, format!("{kept}\nname: other\n").replace("\nname: small", "")).unwrap();
    refused(world.run("apply plan.json"), &["another catalog"]);
    fs::write(&plan, kept).unwrap();

    let manifest = world.manifest(DEPLOYMENT);
    world.edit(&manifest, "maxmemory: 768mb", "maxmemory: 512mb");
    refused(
        world.run("apply plan.json"),
        &[&format!("the manifest of deployment `{DEPLOYMENT}` has changed")],
    );
    world.edit(&manifest, "maxmemory: 512mb", "maxmemory: 768mb");

    let kept = fs::read_to_string(&list).unwrap();
    let mut deployments: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let mine = deployments.as_array_mut().unwrap().iter_mut().find(|one| one["name"] == DEPLOYMENT).unwrap();
    mine["releases"][0]["version"] = "99.1".into();
    fs::write(&list, deployments.to_string()).unwrap();
    refused(world.run("apply plan.json"), &["releases, stemcells, teams or VMs"]);
    let mine = deployments.as_array_mut().unwrap().iter_mut().find(|one| one["name"] == DEPLOYMENT).unwrap();
    mine["locked"] = true.into();
    fs::write(&list, deployments.to_string()).unwrap();
    refused(world.run("apply plan.json"), &["a task of the Director works on it"]);
    fs::write(&list, kept).unwrap();

    let kept = fs::read_to_string(&info).unwrap();
    fs::write(&info, kept.replace(DIRECTOR, "00000000-0000-4000-8000-000000000000")).unwrap();
    let store = world.store_file();
    let elsewhere = format!("apply plan.json --store {} --state other.state", store.display());
    let answer = world.run(&elsewhere);
    // The store itself is kept for its Director: it refuses first.
    answer.fails(1, &["holds the records of the Director"]);
    fs::write(&info, kept).unwrap();

    assert_eq!(world.versions().await, before);
    // All is as it was: it can be applied.
    world.run("apply plan.json").ends(0).says(&["1 changed", "1 write, 1 archive before."]);
}

#[tokio::test]
async fn a_record_or_an_entry_that_moved_is_named() {
    let world = World::new();
    planned(&world).await;
    let path = format!("{INSTANCE}/metadata");
    world.change(&path, |metadata| metadata.set("by", raw("the broker"))).await;
    refused(world.run("apply plan.json"), &[&format!("of `{path}` was read, it is 2 now")]);

    let world = World::new();
    planned(&world).await;
    world
        .change("db", |index| {
            let mut entry = JsonObject::parse(index.raw(INSTANCE).unwrap().get()).unwrap();
            entry.set("status", raw("deprovision_requested"));
            index.set_value(INSTANCE, &entry);
        })
        .await;
    refused(world.run("apply plan.json"), &[&format!("its index entry `db#{INSTANCE}` has changed")]);
    // What another Director's plan is made for.
    let plan = world.path("work/plan.json");
    world.edit(&plan, DIRECTOR, "00000000-0000-4000-8000-000000000000");
    refused(world.run("apply plan.json"), &["another Director: planned with 00000000"]);
}

#[test]
fn what_is_no_plan_of_this_version_is_told_apart() {
    let world = World::new();
    world.run("plan --out plan.json").ends(0);
    let plan = world.path("work/plan.json");
    let text = fs::read_to_string(&plan).unwrap();
    world.run("apply none.json").fails(1, &["none.json: cannot be read"]);
    for (bad, code, words) in [
        (text.replace("reconciler-plan/1", "reconciler-plan/0"), 4, "of the form `reconciler-plan/0`"),
        (text[..text.len() / 2].to_owned(), 1, "is not a saved plan"),
        ("{}".to_owned(), 1, "is not a saved plan: missing field `format`"),
        (text.replace("\"made_at\"", "\"made\""), 1, "is not a saved plan"),
    ] {
        fs::write(&plan, bad).unwrap();
        world.run("apply plan.json").fails(code, &[words]);
    }
    assert!(!world.store_file().exists());
}
