//! One document on standard output, everything else on standard error, in
//! every format of every command.

use serde_json::Value;

use super::program::{Answer, World};

/// Every command that answers with a document, with the document's kind.
const ANSWERS: [(&str, &str); 9] = [
    ("run", "RunReport"),
    ("run --dry-run", "RunReport"),
    ("plan", "Plan"),
    ("scan", "Scan"),
    ("explain booking-search-cache", "Decision"),
    ("strategies list", "Strategies"),
    ("strategies show uuid-pattern", "Strategy"),
    ("decisions eval", "Evaluation"),
    ("version", "Version"),
];

const COLOUR: char = '\u{1b}';

/// Takes out what differs from run to run.
fn without_times(mut document: Value) -> Value {
    for part in ["run_id", "started_at", "finished_at"] {
        document["data"].as_object_mut().map(|data| data.remove(part));
    }
    // Every run counts what is absent once more.
    for absent in rows(&mut document, "/data/absent") {
        let one = absent.as_object_mut().unwrap();
        for part in ["age_seconds", "complete_scans", "evidence", "next_step", "since", "waiting"] {
            one.remove(part);
        }
    }
    for finding in rows(&mut document, "/data/findings") {
        if finding["code"] == "entry.absent" {
            finding.as_object_mut().unwrap().remove("message");
        }
    }
    document
}

/// The rows of a list in a document, if it has that list.
fn rows<'a>(document: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    document.pointer_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

#[test]
fn every_answer_is_one_document_with_the_same_frame() {
    let world = World::new();
    for (line, kind) in ANSWERS {
        let answer = world.run(&format!("{line} --json")).ends(0);
        let document = answer.document();
        assert_eq!((&document["schema_version"], &document["kind"]), (&1.into(), &kind.into()), "{line}");
        assert_eq!(document["complete"], true, "{line}");
        assert!(answer.stdout.ends_with("}\n"), "{line}");
        let long = world.run(&format!("{line} --format json")).ends(0);
        assert_eq!(long.document()["kind"], kind, "{line}");
    }
}

#[test]
fn the_yaml_document_says_the_same_as_the_json_one() {
    let world = World::new();
    // So that both see the same store.
    world.run("run").ends(0);
    for (line, _) in ANSWERS {
        let json = world.run(&format!("{line} --json")).ends(0).document();
        let yaml = world.run(&format!("{line} --format yaml")).ends(0);
        let value: Value = serde_yaml::from_str(&yaml.stdout).unwrap();
        // A number with a fraction has two spellings; the text form has one.
        assert_eq!(without_times(value).to_string(), without_times(json).to_string(), "{line}");
    }
}

#[test]
fn what_is_said_beside_the_answer_goes_to_standard_error() {
    let world = World::new();
    for (line, _) in ANSWERS {
        for format in ["", "--json", "--format yaml"] {
            let answer = world.run(&format!("{line} {format}")).ends(0);
            let looks_at_a_fleet = answer.stderr.contains("Director  harbour");
            assert_eq!(looks_at_a_fleet, world.words(line).len() > line.split(' ').count(), "{line}");
            assert!(!answer.stdout.contains("Director  harbour"), "{line} {format}");
            assert!(!answer.stdout.is_empty(), "{line} {format}");
        }
    }
}

#[test]
fn a_failure_leaves_standard_output_empty_in_every_format() {
    let world = World::new();
    for format in ["", "--json", "--format yaml"] {
        for line in ["explain no-such-deployment", "scan --catalog nowhere", "strategies show nothing"] {
            world.run(&format!("{line} {format}")).fails(1, &[]);
        }
    }
}

#[test]
fn an_incomplete_answer_says_so_in_its_frame_and_its_exit_code() {
    let world = World::new();
    std::fs::write(world.manifest("booking-search-cache"), "a: [").unwrap();
    for line in ["scan", "plan", "run --dry-run", "run", "explain booking-search-cache", "decisions eval"] {
        let answer = world.run(&format!("{line} --json")).ends(3);
        assert_eq!(answer.document()["complete"], false, "{line}");
        world.run(line).ends(3);
    }
}

#[test]
fn nothing_is_coloured_unless_somebody_watches_or_asks() {
    let world = World::new();
    let lines = [
        "scan",
        "plan",
        "decisions eval --strategies name-heuristics",
        "scan --debug",
        "explain nothing-like-it",
        "--help",
        "scna",
    ];
    let coloured = |answer: &Answer| (answer.stdout.contains(COLOUR), answer.stderr.contains(COLOUR));
    for line in lines {
        assert_eq!(coloured(&world.run(line)), (false, false), "{line}");
        let plain = Answer::of(world.command(world.words(line)).env("NO_COLOR", "1"));
        assert_eq!(coloured(&plain), (false, false), "{line}");
        let forced = Answer::of(world.command(world.words(line)).env("CLICOLOR_FORCE", "1"));
        assert_ne!(coloured(&forced), (false, false), "{line}");
    }
}

#[test]
fn a_document_is_never_coloured() {
    let world = World::new();
    for (line, _) in ANSWERS {
        for format in ["--json", "--format yaml"] {
            let words = world.words(&format!("{line} {format}"));
            let answer = Answer::of(world.command(words).env("CLICOLOR_FORCE", "1")).ends(0);
            assert!(!answer.stdout.contains(COLOUR), "{line} {format}");
        }
    }
}

#[test]
fn step_by_step_shows_the_steps_and_leaves_the_answer_alone() {
    let world = World::new();
    let quiet = world.run("scan").ends(0);
    let steps = ["read the catalog", "read the Director's list and the index", "decided"];
    let told = world.run("scan --debug").ends(0).warns(&steps);
    assert_eq!(told.stdout, quiet.stdout);
    assert!(steps.iter().all(|step| !quiet.stderr.contains(step)), "{}", quiet.stderr);
    world.run("run --debug").ends(0).warns(&["reconciled", "merged the index"]);
    for variable in ["DEBUG", "BLACKSMITH_DEBUG"] {
        Answer::of(world.command(world.words("scan")).env(variable, "true")).ends(0).warns(&steps);
    }
    // By a key of the configuration it begins once that was read.
    for (variable, value) in [("DEBUG", "true"), ("LOG_LEVEL", "debug")] {
        let mut command = world.command(world.words("scan"));
        command.env(format!("BLACKSMITH_RECONCILER_{variable}"), value);
        Answer::of(&mut command).ends(0).warns(&steps);
    }
}

#[test]
fn no_format_is_given_twice() {
    World::new().run("scan --json --format yaml").fails(1, &["--json", "--format"]);
}
