//! Decisions under test over what could not be read, and over what belongs to
//! nothing: neither is taken for the truth.

use std::fs;

use super::program::{Answer, World};

const UNREAD: &str = "booking-search-cache";

/// A world where a manifest cannot be read.
fn blinded(world: &World) {
    let manifest = world.manifest(UNREAD);
    fs::remove_file(&manifest).unwrap();
    fs::create_dir(&manifest).unwrap();
}

#[test]
fn what_cannot_be_read_is_never_accepted() {
    let world = World::new();
    blinded(&world);
    let all = world.run("decisions accept --all").ends(3);
    all.says(&["unknown  booking-search-cache: ", "28 new", "not accepted: 1 that could not be read"]);
    let text = fs::read_to_string(world.path("work/decisions/fleet/_others.yml")).unwrap();
    assert!(!text.contains(UNREAD), "{text}");
    let named = world.run("decisions accept booking-search-cache --json").ends(3).document();
    assert_eq!((&named["complete"], &named["data"]["new"]), (&false.into(), &0.into()));
    world.run("decisions accept cf").ends(0);
}

#[test]
fn what_was_accepted_stays_so_while_it_cannot_be_read() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let file = world.path("work/decisions/fleet/_others.yml");
    let accepted = fs::read_to_string(&file).unwrap();
    blinded(&world);
    let test = world.run("decisions test --check").ends(3);
    test.says(&["unknown  booking-search-cache: ", "28 decisions: 0 changed, 0 not accepted", "incomplete"]);
    assert_eq!(world.run("decisions test --json").ends(3).document()["complete"], false);
    world.run("decisions test --format markdown").ends(3).says(&["- `booking-search-cache`: "]);
    world.run("decisions accept --all").ends(3);
    assert_eq!(fs::read_to_string(&file).unwrap(), accepted);
    // Where others really differ, the test has failed.
    world.run("decisions test --threshold 0.96").ends(20).says(&["unknown  booking-search-cache: "]);
}

#[test]
fn what_cannot_be_read_is_not_compared() {
    let world = World::new();
    let run = |words: &[&str]| Answer::of(&mut world.command(words));
    let scan = run(&["scan", "--json", "--fleet", "../fleet"]).ends(0);
    fs::write(world.path("work/whole.json"), scan.stdout).unwrap();
    blinded(&world);
    let scan = run(&["scan", "--json", "--fleet", "../fleet"]).ends(3);
    fs::write(world.path("work/part.json"), scan.stdout).unwrap();
    for sides in [["whole.json", "../fleet"], ["part.json", "whole.json"], ["whole.json", "part.json"]] {
        let answer = run(&["decisions", "diff", sides[0], sides[1]]).ends(3);
        answer.says(&["unknown  booking-search-cache: ", "0 of 28 compared deployments flip, 1 unknown"]);
    }
    let flips =
        ["decisions", "diff", "whole.json", "--detailed-exitcode", "--", "../fleet", "--threshold", "0.99"];
    run(&flips).ends(20);
}

/// Found in a review: the journal kept only that something failed, so that every
/// unread manifest of a past run was a flip.
#[test]
fn what_a_past_run_could_not_read_is_not_compared_and_what_it_read_is() {
    let world = World::new();
    let manifest = world.manifest(UNREAD);
    let whole = fs::read_to_string(&manifest).unwrap();
    blinded(&world);
    world.run("run").ends(3);
    fs::remove_dir(&manifest).unwrap();
    fs::write(&manifest, &whole).unwrap();
    let diff = || Answer::of(&mut world.command(["decisions", "diff", "run:latest", "../fleet"]));
    diff().ends(3).says(&[
        "unknown  booking-search-cache: it could not be read when the run decided",
        "0 of 28 compared deployments flip, 1 unknown",
    ]);
    // Read and broken is a decision, and the run saw everything.
    fs::write(&manifest, "a: [").unwrap();
    world.run("run").ends(3);
    diff().ends(0).says(&["0 of 29 compared deployments flip\n"]);
    fs::write(&manifest, &whole).unwrap();
    diff().ends(0).says(&["review (degraded)", "1 of 29 compared deployments flip\n"]);
}

#[test]
fn a_manifest_that_was_read_and_is_broken_is_a_decision_with_its_cause() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    fs::write(world.manifest(UNREAD), "a: [").unwrap();
    let broken = world.run("decisions test").ends(20);
    broken.says(&["not the whole truth: nothing in the way → manifest [manifest.syntax]"]);
    world.run("decisions accept --all").ends(0);
    let text = fs::read_to_string(world.path("work/decisions/fleet/_others.yml")).unwrap();
    assert!(text.contains("  - {by: manifest, code: manifest.syntax}\n"), "{text}");
    world.run("decisions test --check").ends(0);
}

#[test]
fn new_and_gone_deployments_are_no_flips() {
    let world = World::new();
    let list = world.file("director/deployments.json");
    let scan = Answer::of(&mut world.command(["scan", "--json", "--fleet", "../fleet"])).ends(0);
    fs::write(world.path("work/whole.json"), scan.stdout).unwrap();
    let mut all: Vec<serde_json::Value> = serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap();
    all.retain(|one| one["name"] != UNREAD);
    fs::write(&list, serde_json::to_string(&all).unwrap()).unwrap();
    let run = |words: &[&str]| Answer::of(&mut world.command(words));
    let gone = run(&["decisions", "diff", "whole.json", "../fleet", "--detailed-exitcode"]).ends(0);
    gone.says(&["0 of 28 compared deployments flip, 0 new, 1 gone"]);
}

#[test]
fn files_that_hold_no_groups_decisions_fail_in_ci() {
    for stray in ["stray.yml", "fleet/redis.yaml", "fleet/redis.yml.new", "fleet/none.yml"] {
        let world = World::new();
        world.run("decisions accept --all").ends(0);
        fs::write(world.path("work/decisions").join(".gitattributes"), "").unwrap();
        world.run("decisions test --check").ends(0);
        fs::write(world.path("work/decisions").join(stray), "").unwrap();
        let words = format!("no file of accepted decisions: decisions/{stray}");
        world.run("decisions test").ends(0).says(&[&words]);
        world.run("decisions test --check").ends(20).says(&[&words, "failed"]);
    }
}
