//! Arguments and settings that cannot be meant: exit code 1, the place, and
//! what was probably meant.

use std::fs;

use super::program::{Answer, World};

#[test]
fn words_that_do_not_exist_name_the_nearest() {
    let world = World::new();
    for (line, says) in [
        ("scna", vec!["'scna'", "'scan'"]),
        ("runn", vec!["'runn'", "'run'"]),
        ("strategies shw uuid-pattern", vec!["'shw'", "'show'"]),
        ("scan --flet x", vec!["'--flet'", "'--fleet'"]),
        ("run --dryrun", vec!["'--dryrun'", "'--dry-run'"]),
        ("scan --format xml", vec!["'xml'", "table, json, yaml"]),
        ("scan --strategies uuid-patern", vec!["`uuid-patern`", "did you mean `uuid-pattern`?"]),
        ("scan --strategies uuid-pattern,uuid-pattern", vec!["`uuid-pattern` is listed twice"]),
        ("strategies show stored-recrod", vec!["`stored-recrod`", "did you mean `stored-record`?"]),
        (
            "explain redis-smal-steady-nansen",
            vec!["no deployment `redis-smal-steady-nansen`", "did you mean `redis-small-steady-nansen`?"],
        ),
        ("explain qqqq", vec!["no deployment `qqqq`", "`scan` lists"]),
        ("explain", vec!["<DEPLOYMENT>"]),
    ] {
        world.run(line).fails(1, &says);
    }
}

#[test]
fn numbers_out_of_range_are_refused_by_their_flag() {
    let world = World::new();
    for (flag, values) in [
        ("--threshold", vec!["7", "-1", "1.001", "0.7777", "x", "NaN", "0,7"]),
        ("--margin", vec!["2", "x"]),
        ("--workers", vec!["0", "257", "-1", "1.5", "many"]),
        ("--batch-size", vec!["0", "10001", "x"]),
        ("--policy", vec!["bst", "BEST"]),
    ] {
        for value in values {
            let answer = world.run(&format!("scan {flag}={value}")).fails(1, &[&format!("error: {flag}: ")]);
            assert!(answer.stderr.contains(&format!("`{value}`")), "{}", answer.stderr);
        }
    }
    for value in ["2", "-0.1", "NaN", "x"] {
        world.run(&format!("decisions eval --min-recall={value}")).fails(1, &["--min-recall"]);
    }
}

#[test]
fn a_floor_that_is_missed_ends_with_its_own_code() {
    let world = World::new();
    world.run("decisions eval --min-precision 1 --min-recall 1").ends(0).says(&["floor 1 kept"]);
    let name_only = "decisions eval --strategies name-heuristics";
    world.run(&format!("{name_only} --min-recall 0.5")).ends(20).says(&["floor 0.5 missed"]);
    world.run(name_only).ends(0);
    let document = world.run(&format!("{name_only} --min-recall 0.5 --json")).ends(20).document();
    assert_eq!(document["data"]["floor"], "missed");
}

#[test]
fn without_a_fleet_every_way_to_name_one_is_shown() {
    let world = World::new();
    for command in ["run", "plan", "scan", "explain cf", "decisions eval"] {
        let words: Vec<&str> = command.split(' ').collect();
        Answer::of(&mut world.command(words))
            .fails(1, &["nothing says what to look at", "a fleet's folder with --fleet DIR"]);
    }
}

/// Runs a scan with a configuration file and no flag.
fn scan_with(world: &World, config: &str) -> Answer {
    fs::write(world.path("work/config.yml"), config).unwrap();
    Answer::of(&mut world.command(["scan", "--config", "config.yml"]))
}

#[test]
fn a_configuration_may_say_everything() {
    let world = World::new();
    let fleet = world.fleet().display().to_string();
    let config = format!(
        "reconciler:\n  fleet: {fleet}\n  strategies: [name-heuristics]\n  policy: {{threshold: 0.3}}\n"
    );
    let answer = scan_with(&world, &config).ends(0);
    let flags = world.run("scan --strategies name-heuristics --threshold 0.3").ends(0);
    assert_eq!(answer.stdout, flags.stdout);
    // By variables, where an empty one is none.
    let mut command = world.command(["scan"]);
    command.env("BLACKSMITH_RECONCILER_FLEET", &fleet).env("BLACKSMITH_RECONCILER_CONFIG", "");
    Answer::of(&mut command).ends(0).says(&["19 matched"]);
    let mut command = world.command(["scan"]);
    command.env("BLACKSMITH_RECONCILER_CONFIG", world.path("work/config.yml"));
    assert_eq!(Answer::of(&mut command).ends(0).stdout, answer.stdout);
}

#[test]
fn a_mistake_in_the_configuration_has_a_line_and_a_column() {
    let world = World::new();
    for (config, says) in [
        (
            "reconciler:\n  flet: x\n",
            vec!["config.yml:2:3: flet: there is no such key", "did you mean `fleet`?"],
        ),
        (
            "reconciler:\n  policy:\n    treshold: 0.7\n",
            vec!["config.yml:3:5: policy.treshold", "`policy.threshold`"],
        ),
        ("reconciler:\n  policy:\n    threshold: 7\n", vec!["config.yml:3:16: policy.threshold: `7`"]),
        ("reconciler: [\n", vec!["config.yml:2:1: cannot be read"]),
        ("- reconciler\n", vec!["config.yml:1:1: is not a configuration"]),
    ] {
        scan_with(&world, config).fails(1, &says);
    }
    let both = "reconciler:\n  workers: none\n  batch_size: 0\n";
    scan_with(&world, both).fails(1, &["config.yml:2:12: workers", "config.yml:3:15: batch_size"]);
    world.run("scan --config nowhere.yml").fails(1, &["nowhere.yml: cannot be read (No such file"]);
    world.run("scan --config .").fails(1, &[".: cannot be read (Is a directory"]);
}

#[test]
fn what_has_no_effect_is_told_and_does_no_harm() {
    let world = World::new();
    let fleet = world.fleet().display().to_string();
    let config = format!("reconciler:\n  fleet: {fleet}\n  batch_delay: 1s\n");
    scan_with(&world, &config).ends(0).warns(&["note: config.yml:3:3: batch_delay: has no effect"]);
    let mut command = world.command(world.words("scan"));
    command.env("BLACKSMITH_RECONCILER_WORKRES", "4");
    Answer::of(&mut command)
        .ends(0)
        .warns(&["note: BLACKSMITH_RECONCILER_WORKRES", "`BLACKSMITH_RECONCILER_WORKERS`"]);
}

#[test]
fn help_and_version_are_answers_and_no_command_is_a_mistake() {
    let world = World::empty();
    for line in ["--help", "-h", "help", "--version", "-V", "help run", "run --help", "decisions eval -h"] {
        let answer = world.run(line).ends(0);
        assert!(!answer.stdout.is_empty() && answer.stderr.is_empty(), "{line}");
    }
    for line in ["", "strategies", "decisions"] {
        let answer = world.run(line).ends(1);
        assert!(answer.stdout.is_empty() && answer.stderr.contains("Usage: reconciler"), "{line}");
    }
    world.run("--help").says(&["Exit codes:", "  20 ", "  130 "]);
}
