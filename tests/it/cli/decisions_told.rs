//! What decisions under test tell: the same in every form, what is wrong with a
//! word on the command line, and no more than a forge takes.

use std::fs;

use super::program::{Answer, World};

fn diff(world: &World, sides: &str) -> Answer {
    Answer::of(&mut world.command(["decisions", "diff"].into_iter().chain(sides.split_whitespace())))
}

/// Found in a review: the comment told less than the text, and not how to accept.
#[test]
fn a_comment_tells_all_that_the_text_tells() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let folder = world.path("work/decisions");
    fs::create_dir(folder.join("gone-fleet")).unwrap();
    fs::write(folder.join("gone-fleet/redis.yml"), "").unwrap();
    fs::write(folder.join("stray.yml"), "").unwrap();
    fs::write(folder.join("fleet/notes.yml"), "# mine\n").unwrap();
    fs::rename(folder.join("fleet/redis.yml"), folder.join("fleet/cache.yml")).unwrap();
    let told = [
        "accepted decisions of no fleet that was given",
        "decisions/gone-fleet",
        "accepted decisions in a file of another name than their group's",
        "decisions/fleet/cache.yml",
        "no file of accepted decisions",
        "decisions/stray.yml",
        "decisions/fleet/notes.yml",
        "29 decisions: 0 changed, 0 not accepted, 0 unreferenced, 1 unreferenced fleets, 1 misplaced files, \
         2 stray files",
        "accept all of them, or only some by NAME instead of --all:",
        "reconciler decisions accept --all --fleet ",
    ];
    for form in ["", " --format markdown"] {
        world.run(&format!("decisions test{form}")).ends(0).says(&told);
        world.run(&format!("decisions test --check{form}")).ends(20).says(&told).says(&["failed"]);
        let other = format!("decisions test --strategies manifest-metadata,stored-record,uuid-pattern{form}");
        let words = ["decided as accepted, from other opinions: ", "`--all` lists them"];
        world.run(&other).ends(20).says(&words);
        world.run(&format!("{other} --all")).ends(20).says(&["the same outcome from other opinions ("]);
    }
    // What is misplaced comes to its place, and what is somebody else's stays.
    world
        .run("decisions accept --all")
        .ends(0)
        .says(&["decisions/fleet/redis.yml", "decisions/fleet/cache.yml"]);
    assert!(folder.join("fleet/redis.yml").exists() && !folder.join("fleet/cache.yml").exists());
    assert_eq!(fs::read_to_string(folder.join("fleet/notes.yml")).unwrap(), "# mine\n");
}

#[test]
fn a_difference_tells_the_same_in_a_comment() {
    let world = World::new();
    let sides = "../fleet -- --strategies manifest-metadata,stored-record,uuid-pattern";
    let told = ["now without release-based, name-heuristics", "the same outcome from other opinions: "];
    diff(&world, sides).ends(0).says(&told);
    diff(&world, &format!("--format markdown {sides}")).ends(0).says(&told);
}

#[test]
fn a_comment_is_no_longer_than_a_forge_takes() {
    let world = World::new();
    let names = (0..900).map(|number| format!("legacy-{number:03}-{}", "x".repeat(60)));
    let list: Vec<_> = names
        .map(|name| serde_json::json!({"name": name, "releases": [], "stemcells": [], "teams": []}))
        .collect();
    fs::write(world.file("director/deployments.json"), serde_json::to_string(&list).unwrap()).unwrap();
    let comment = world
        .run("decisions test --format markdown")
        .ends(20)
        .says(&["### Decisions failed\n\n900 decisions: 0 changed, 900 not accepted", "legacy-000-"]);
    assert!(comment.stdout.chars().count() <= 65_536, "{}", comment.stdout.chars().count());
    let rows = comment.stdout.lines().filter(|line| line.starts_with("| `legacy-")).count();
    assert!(rows > 500, "{rows}");
    let last = format!("\nand {} more; `--format json` tells all.\n", 900 - rows);
    assert!(comment.stdout.ends_with(&last), "{last}");
}

#[test]
fn a_slip_of_the_pen_in_a_side_is_told_with_what_was_meant() {
    let world = World::new();
    fs::write(world.path("work/yesterday.json"), "{}").unwrap();
    for (sides, expected) in [
        ("run: ../fleet", ["`run:` names no run", "give `run:latest`"]),
        ("runs:latest ../fleet", ["there is no file or folder `runs:latest`", "did you mean `run:latest`?"]),
        ("RUN:latest ../fleet", ["there is no file or folder `RUN:latest`", "did you mean `run:latest`?"]),
        ("latest ../fleet", ["there is no file or folder `latest`", "did you mean `run:latest`?"]),
        ("../fleet ../flet", ["there is no file or folder `../flet`", "did you mean `../fleet`?"]),
        ("run:latest yesterdy.json", ["there is no file or folder", "did you mean `yesterday.json`?"]),
        ("nonsense ../fleet", ["there is no file or folder `nonsense`", "a capture's `decisions.json`"]),
        (
            "run:latest",
            ["nothing says in whose journal the run is", "put the fleet's folder on the other side"],
        ),
        ("yesterday.json ../fleet", ["yesterday.json holds no decisions", "reconciler scan --json"]),
    ] {
        let answer = diff(&world, sides).fails(1, &expected);
        assert!(!answer.stderr.contains("--fleet"), "there is no such flag: {}", answer.stderr);
    }
}

#[test]
fn a_missed_floor_goes_before_what_could_not_be_read() {
    let world = World::new();
    let manifest = world.manifest("booking-search-cache");
    fs::remove_file(&manifest).unwrap();
    fs::create_dir(&manifest).unwrap();
    world.run("decisions eval --min-recall 0.5").ends(3);
    world
        .run("decisions eval --min-recall 1")
        .ends(20)
        .says(&["floor 1 missed", "unknown  booking-search-cache"]);
}

#[test]
fn thresholds_that_come_to_the_same_are_one_line() {
    let world = World::new();
    let answer = world.run("decisions eval --sweep").ends(0).says(&[
        "0.000 to 0.600  19       1",
        "0.700           19       0",
        "in use",
        "0.750 to 0.850",
    ]);
    let file = world.run("decisions eval --sweep thresholds.csv").ends(0);
    assert_eq!(file.stdout, answer.stdout);
    assert_eq!(fs::read_to_string(world.path("work/thresholds.csv")).unwrap().lines().count(), 22);
}
