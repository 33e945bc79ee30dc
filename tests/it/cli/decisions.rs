//! Decisions under test as their users see them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reconciler_tests::fleets;

use super::program::{Answer, World};

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// The document of `decisions diff` with these sides.
pub(super) fn diff(world: &World, sides: &str) -> Answer {
    let words = ["decisions", "diff", "--json", "--detailed-exitcode"];
    Answer::of(&mut world.command(words.into_iter().chain(sides.split_whitespace())))
}

/// The deployments of a kind of change.
fn changed(answer: &Answer, kind: &str) -> Vec<String> {
    let document = answer.document();
    let changes = document["data"]["changes"].as_array().unwrap();
    let of_kind = changes.iter().filter(|change| change["kind"] == kind);
    of_kind.map(|change| change["deployment"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_never_accepted_fails_and_what_was_passes() {
    let world = World::new();
    let first = world.run("decisions test").ends(20);
    first.says(&[
        "29 decisions: 0 changed, 29 not accepted",
        "failed",
        "\n  reconciler decisions accept --all --fleet ",
    ]);
    world.run("decisions accept --all").ends(0).says(&["decisions/fleet/redis.yml", "29 new, 0 changed"]);
    world.run("decisions test --check").ends(0).says(&["0 changed, 0 not accepted, 0 unreferenced: passed"]);
    let accepted = files(&world.path("work/decisions"));
    let text = String::from_utf8(accepted.values().flatten().copied().collect()).unwrap();
    assert!(!text.contains(&world.path("").display().to_string()), "a path in {text}");
    // The same bytes by any number of workers, and from another place.
    for workers in [1, 8] {
        world.run(&format!("decisions accept --all --workers {workers} --batch-size {workers}")).ends(0);
        assert_eq!(files(&world.path("work/decisions")), accepted);
    }
    assert_eq!(world.traces().iter().filter(|path| path.ends_with("reconciler")).count(), 0);
}

#[test]
fn a_test_says_the_same_bytes_by_any_number_of_workers() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    for rules in ["", "--threshold 0.96", "--all --policy first-match --strategies uuid-pattern"] {
        for format in ["table", "json", "markdown"] {
            let said = |workers: usize| {
                let words = format!("decisions test {rules} --format {format} --workers {workers}");
                world.run(&format!("{words} --batch-size {workers}")).stdout
            };
            let one = said(1);
            assert!(!one.is_empty());
            for workers in [2, 8] {
                assert!(said(workers) == one, "{rules} {format} {workers}");
            }
        }
    }
}

#[test]
fn a_rule_that_flips_decisions_fails_and_says_which_and_why() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let answer = world.run("decisions test --threshold 0.96").ends(20);
    answer.says(&[
        "lost: matched before",
        "  booking-search-cache\n",
        "- matched  redis / redis-small / 7f216efc-fba2-4e2d-8b4d-6c6bc2af7899  0.900",
        "+ review (below-threshold)",
        "the opinions are the same; 0.900 is below the threshold 0.960",
    ]);
    let without = world.run("decisions test --strategies stored-record,uuid-pattern").ends(20);
    without.says(&["manifest-metadata: 0.900 [meta.instance-id, ", "] → nothing"]);
    // One of them is looked at and accepted; the others stay.
    world.run("decisions accept booking-* --threshold 0.96").ends(0).says(&["0 new, 1 changed, 0 removed"]);
    let rest = world.run("decisions test").ends(20);
    rest.says(&["from review to match (1)", "booking-search-cache", "29 decisions: 1 changed"]);
    let markdown = world.run("decisions test --format markdown").ends(20);
    markdown.says(&["### Decisions failed", "| `booking-search-cache` | review", "| deployment | before |"]);
    world.run("decisions accept no-such").fails(1, &["there is no deployment `no-such`"]);
    world.run("decisions accept bookin-search-cache").fails(1, &["did you mean `booking-search-cache`?"]);
    world.run("decisions accept").fails(1, &["--all"]);
    world.run("decisions accept cf --all").fails(1, &["cannot be used with"]);
}

#[test]
fn what_belongs_to_nothing_fails_in_ci() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    fs::remove_file(world.manifest("booking-search-cache")).unwrap();
    let list = world.file("director/deployments.json");
    let mut deployments: Vec<serde_json::Value> =
        serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap();
    deployments.retain(|one| one["name"] != "booking-search-cache");
    fs::write(&list, serde_json::to_string(&deployments).unwrap()).unwrap();
    let told = world.run("decisions test").ends(0);
    told.says(&[
        "accepted, and not there (1)",
        "28 decisions: 0 changed, 0 not accepted, 1 unreferenced: passed",
        // How common each release is has changed, and with it a guess.
        "from other opinions: 1; `--all` lists them",
    ]);
    world.run("decisions test --all").ends(0).says(&["release-based: 0.508 [topology.fit] → 0.506"]);
    world.run("decisions test --check").ends(20).says(&["1 unreferenced: failed"]);
    world.run("decisions accept booking-search-cache").ends(0).says(&["1 removed"]);
    world.run("decisions test --check").ends(0);
    fs::create_dir(world.path("work/decisions/gone")).unwrap();
    world.run("decisions test").ends(0).says(&["of no fleet that was given: decisions/gone"]);
    world.run("decisions test --check").ends(20);
}

#[test]
fn several_fleets_stand_under_their_names() {
    let world = World::new();
    let second = world.path("second");
    fleets::copy(&fleets::demo(), &second).unwrap();
    let line = format!("decisions accept --all --fleet {}", second.display());
    world.run(&line).ends(0).says(&["58 new"]);
    let test = format!("decisions test --check --fleet {}", second.display());
    world.run(&test).ends(0).says(&["58 decisions"]);
    let same = world.path("elsewhere/fleet");
    fleets::copy(&fleets::demo(), &same).unwrap();
    world.run(&format!("decisions test --fleet {}", same.display())).fails(1, &["are both called `fleet`"]);
    Answer::of(&mut world.command(["decisions", "test"])).fails(1, &["no fleet is named", "--fleet DIR"]);
}

#[test]
fn accepted_decisions_that_cannot_be_read_are_told_with_their_place() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let file = world.path("work/decisions/fleet/redis.yml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replacen("outcome: matched", "outcome: mached", 1)).unwrap();
    world.run("decisions test").fails(1, &["decisions/fleet/redis.yml:", "there is no outcome `mached`"]);
    fs::write(&file, &good).unwrap();
    fs::write(world.path("work/decisions/fleet/copy.yml"), &good).unwrap();
    world.run("decisions test").fails(1, &["is accepted twice", "copy.yml"]);
    world.run("decisions accept --all").fails(1, &["remove it from one of the files"]);
}

#[test]
fn a_fleet_does_not_differ_from_itself() {
    let world = World::new();
    let same = diff(&world, "../fleet").ends(0);
    assert_eq!(same.document()["data"]["changes"], serde_json::json!([]));
    assert_eq!(same.document()["data"]["compared"], 29);
    let scan = Answer::of(&mut world.command(["scan", "--json", "--fleet", "../fleet"])).ends(0);
    fs::write(world.path("work/saved.json"), scan.stdout).unwrap();
    let saved = diff(&world, "saved.json ../fleet").ends(0);
    assert_eq!(saved.document()["data"]["changes"], serde_json::json!([]));
}

#[test]
fn rules_are_compared_side_by_side() {
    let world = World::new();
    let answer = diff(&world, "../fleet -- --threshold 0.96").ends(20);
    assert!(changed(&answer, "lost").contains(&"booking-search-cache".to_owned()));
    let both = diff(&world, "../fleet --threshold 0.96").ends(0);
    assert_eq!(both.document()["data"]["changes"], serde_json::json!([]), "options of both sides");
    let text = |line: &str| Answer::of(&mut world.command(line.split_whitespace())).ends(0);
    text("decisions diff ../fleet -- --threshold 0.96").says(&[
        "before  ../fleet   best (threshold 0.700, margin 0.150), chain ",
        "after   ../fleet   best (threshold 0.960, margin 0.150), chain ",
        " of 29 compared deployments flip\n",
    ]);
    text("decisions diff ../fleet -- ../fleet --strategies stored-record,uuid-pattern").says(&[
        "now without manifest-metadata, release-based, name-heuristics",
        "the same outcome from other opinions: ",
        "`--all` lists them",
    ]);
    text("decisions diff ../fleet --format markdown -- --threshold 0.96").says(&[
        "### ",
        "- after: `../fleet`, best (threshold 0.960",
        "#### lost: matched before (",
        "| `booking-search-cache` | matched",
    ]);
}

#[test]
fn sides_that_cannot_be_compared_are_told() {
    let world = World::new();
    fs::write(world.path("work/plan.json"), r#"{"kind": "Plan", "data": null}"#).unwrap();
    fs::write(world.path("work/none.json"), "nothing").unwrap();
    for (line, words) in [
        ("decisions diff nowhere ../fleet", "there is no file or folder `nowhere`"),
        ("decisions diff plan.json ../fleet", "kind `Plan`, not of a scan"),
        ("decisions diff none.json ../fleet", "holds no decisions"),
        ("decisions diff ../fleet ../fleet -- --threshold 0.9", "the second side is given twice"),
        ("decisions diff ../fleet -- --treshold 0.9", "unexpected argument '--treshold'"),
        ("decisions diff ../fleet -- --threshold 0.9 --format json", "such as --format, before `--`"),
        ("decisions diff ../fleet -- --threshold 9", "9"),
        ("decisions diff ../state", "is no fleet"),
    ] {
        let answer = Answer::of(&mut world.command(line.split_whitespace()));
        answer.fails(1, &[words]);
    }
    let answer =
        Answer::of(&mut world.command(["decisions", "diff", "plan.json", "../fleet", "--policy", "best"]));
    answer.fails(1, &["plan.json is not decided anew by other rules"]);
}

#[test]
fn an_evaluation_shows_services_and_thresholds() {
    let world = World::new();
    let answer = world.run("decisions eval --services --sweep=sweep.csv").ends(0);
    answer.says(&[
        "Strategy           Service",
        "Expected   Right match",
        "Threshold       Matched",
        "in use",
    ]);
    let csv = fs::read_to_string(world.path("work/sweep.csv")).unwrap();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("threshold,matched,wrong,missed,left_for_review,precision,recall"));
    assert_eq!(lines.clone().count(), 21);
    assert!(lines.any(|line| line.starts_with("0.700,") && line.ends_with(",1.000000,1.000000")), "{csv}");
    let document = world.run("decisions eval --sweep --json").ends(0).document();
    assert_eq!(document["data"]["sweep"].as_array().unwrap().len(), 21);
    assert_eq!(document["data"]["confusion"]["matched"]["wrong"], 0);
    world.run("decisions eval --sweep=no/where.csv").fails(1, &["no/where.csv cannot be written"]);
}

#[test]
fn floors_are_held_of_the_whole_a_strategy_and_a_service() {
    let world = World::new();
    let eval = |floors: &str| world.run(&format!("decisions eval {floors}"));
    eval("--min-precision 1 --min-precision uuid-pattern=0.9 --min-recall redis=1 --min-recall uuid-pattern/pg=0.5")
        .ends(0)
        .says(&[
            "\nprecision 1.000, floor 1 kept\n",
            "\nprecision of uuid-pattern 0.938, floor 0.9 kept\n",
            "\nrecall of redis 1.000, floor 1 kept\n",
            "\nrecall of uuid-pattern/pg ",
        ]);
    eval("--min-precision uuid-pattern=0.99").ends(20).says(&["of uuid-pattern 0.938, floor 0.99 missed"]);
    // Where nothing was matched there is no precision: no floor is kept by it.
    let nothing = eval("--threshold 1 --strategies uuid-pattern --min-precision 0.1").ends(20);
    nothing.says(&[
        "precision –, recall 0.000\n",
        "precision cannot be measured: nothing to count, floor 0.1 missed",
    ]);
    let document = eval("--threshold 1 --min-precision 0.1 --json").ends(20).document();
    assert_eq!(document["data"]["precision"], serde_json::Value::Null);
    assert_eq!(document["data"]["floor"], "missed");
    assert_eq!(document["data"]["floors"][0]["kept"], false);
    let silent = eval("--strategies name-heuristics --services").ends(0);
    silent.says(&["0        0      –          0.000"]);
    for (floors, words) in [
        ("--min-precision 2", "not between 0 and 1"),
        ("--min-recall redis=x", "not between 0 and 1"),
        ("--min-recall =1", "nothing stands before the `=`"),
        ("--min-recall uuid-patern=1", "did you mean `uuid-pattern`?"),
        (
            "--min-recall uuid-pattern/nothing-such=1",
            "there is no strategy or service `uuid-pattern/nothing-such`",
        ),
    ] {
        eval(floors).fails(1, &[words]);
    }
}

#[test]
fn the_line_that_accepts_repeats_folders_and_rules() {
    let world = World::new();
    let fleet = world.path("work/my fleet");
    fleets::copy(&world.path("fleet"), &fleet).unwrap();
    let rules = ["--policy", "first-match", "--threshold", "0.96", "--strategies", "uuid-pattern"];
    let test = ["decisions", "test", "--snapshots", "accepted", "--fleet", "my fleet"];
    let first = Answer::of(&mut world.command(test.iter().chain(&rules))).ends(20);
    let line = "  reconciler decisions accept --all --snapshots accepted --fleet 'my fleet' \
                --strategies uuid-pattern --policy first-match --threshold 0.96\n";
    first.says(&[line]);
    let accept = ["decisions", "accept", "--all", "--snapshots", "accepted", "--fleet", "my fleet"];
    Answer::of(&mut world.command(accept.iter().chain(&rules))).ends(0);
    Answer::of(&mut world.command(test.iter().chain(&rules))).ends(0).says(&["29 decisions: 0 changed"]);
    world.run("decisions test here --snapshots there").fails(1, &["cannot be used with"]);
}

#[test]
fn an_explanation_says_why_not_and_draws_bars() {
    let world = World::new();
    let lead = "explain pg-standalone-77c05fb0-5471-4a4f-92da-819384ed212c";
    let why_not = world.run(&format!("{lead} --why-not 77c05fb0-5471-4a4f-92da-819384ed212c")).ends(0);
    why_not.says(&["For it\n", "In the way\n", "it would take: "]);
    let matched = "explain booking-search-cache --why-not 7f216efc-fba2-4e2d-8b4d-6c6bc2af7899";
    world.run(matched).ends(0).says(&["booking-search-cache is matched to 7f216efc"]);
    assert_eq!(world.run(&format!("{matched} --json")).ends(0).document()["kind"], "WhyNot");
    world.run("explain cf --why-not ..").fails(1, &["--why-not: "]);
    world.run("explain cf --why-not 7f216efc-fba2-4e2d-8b4d-6c6bc2af7890").fails(
        1,
        &["no entry, deployment or opinion names an instance", "7f216efc-fba2-4e2d-8b4d-6c6bc2af7899"],
    );
    world.run("explain booking-search-cache --waterfall").ends(0).says(&["│ threshold 0.700", "█", "0.900"]);
    let markdown = world.run("explain booking-search-cache --format markdown").ends(0);
    markdown.says(&["### `booking-search-cache`: matched", "<details>", "| identity | confidence |"]);
    let claimed = world.run("explain freight-queue-blue --format markdown").ends(0);
    claimed.says(&["\ndeployment `rabbitmq-cluster-864fb552-6e76-436d-983a-ad54c43d351e` claims the same"]);
    for line in ["scan", "run", "plan", "decisions eval", "strategies list"] {
        world.run(&format!("{line} --format markdown")).fails(1, &["no Markdown form"]);
    }
    assert!(!world.store_file().exists(), "refused before anything is done");
}

#[test]
fn a_past_run_is_compared_with_what_is_decided_now() {
    let world = World::new();
    let none = Answer::of(&mut world.command(["decisions", "diff", "run:latest", "../fleet"]));
    none.fails(1, &["run:latest: there is no journal of runs at ", "the first `reconciler run` makes it"]);
    world.run("run").ends(0);
    let same = diff(&world, "run:latest ../fleet").ends(0).document();
    assert_eq!((&same["data"]["changes"], &same["data"]["compared"]), (&serde_json::json!([]), &29.into()));
    let stricter = diff(&world, "run:latest -- ../fleet --threshold 0.96").ends(20);
    assert!(changed(&stricter, "lost").contains(&"booking-search-cache".to_owned()));
    let unknown = Answer::of(&mut world.command(["decisions", "diff", "run:none", "../fleet"]));
    unknown.fails(1, &["there is no run `none`"]);
    let ruled = ["decisions", "diff", "run:latest", "../fleet", "--policy", "best"];
    Answer::of(&mut world.command(ruled)).fails(1, &["run:latest is not decided anew"]);
}
