//! What others wrote, and people beside us: saved decisions that would paint over
//! a terminal, notes in accepted decisions, merges that were left half done, files
//! that are no sweeps.

use std::fs;

use serde_json::{Value, json};

use super::program::{Answer, World};

const ESCAPE: &str = "\u{1b}]0;pwn\u{7}\u{202e}\n## h";

fn diff(world: &World, sides: &str) -> Answer {
    Answer::of(&mut world.command(["decisions", "diff"].into_iter().chain(sides.split_whitespace())))
}

/// Nothing that was told moves a cursor or stands in a line of its own.
fn is_harmless(answer: &Answer) {
    for text in [&answer.stdout, &answer.stderr] {
        let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert!(bad.is_none() && !text.contains("\n## h"), "{bad:?} in {text:?}");
    }
}

/// The same, and it was told what was there.
fn is_escaped(answer: &Answer) {
    is_harmless(answer);
    let told = [&answer.stdout, &answer.stderr];
    assert!(told.iter().any(|text| text.contains("u{1b}") || text.contains("u{7}")), "{answer:?}");
}

/// Every text under one of these keys becomes one that does something to a
/// terminal.
fn paint(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::String(text) if keys.contains(&key.as_str()) => text.push_str(ESCAPE),
                    field => paint(field, keys),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| paint(item, keys)),
        _ => {}
    }
}

#[test]
fn what_was_saved_by_others_reaches_no_terminal_as_it_is() {
    let world = World::new();
    let scan = world.run("scan --json").ends(0).document();
    let saved = world.path("work/saved.json");
    for keys in [&["reason", "code"][..], &["chain", "policy"], &["outcome"], &["kind"]] {
        let mut painted = scan.clone();
        match keys {
            ["kind"] => painted["kind"] = json!(ESCAPE),
            keys => paint(&mut painted["data"], keys),
        }
        painted["data"]["unknown"] = json!([{"deployment": ESCAPE, "why": ESCAPE}]);
        fs::write(&saved, painted.to_string()).unwrap();
        for form in ["", "--format markdown "] {
            is_escaped(&diff(&world, &format!("--all {form}saved.json ../fleet")));
        }
    }
}

#[test]
fn a_capture_by_others_reaches_no_terminal_as_it_is() {
    let world = World::new();
    world.run("capture --out capture --fleet ../fleet").ends(0);
    let file = world.path("work/capture/decisions.json");
    let captured: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    for keys in
        [&["reason", "code", "chain", "policy", "revision", "family", "id", "threshold"][..], &["outcome"]]
    {
        let mut painted = captured.clone();
        paint(&mut painted, keys);
        fs::write(&file, painted.to_string()).unwrap();
        for form in ["", "--format markdown"] {
            // Of what does not fit nothing is quoted.
            let check = if keys == ["outcome"] { is_harmless } else { is_escaped };
            check(&world.run(&format!("replay capture {form}")));
            is_harmless(&diff(&world, &format!("--all {form} capture/decisions.json ../fleet")));
        }
    }
}

#[test]
fn accepted_decisions_by_others_reach_no_terminal_as_they_are() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let file = world.path("work/decisions/fleet/redis.yml");
    let text = fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("reason: below-threshold", "reason: \"none\\e[31m\\n## h\""),
        ("because: [", "because: [\"\\e[31m\\n## h\", "),
        ("outcome: review", "outcome: \"\\e[31m\""),
        ("  outcome: review", "  \"\\e[31m\": x\n  outcome: review"),
    ] {
        let painted = text.replace(from, to);
        assert_ne!(painted, text, "{from}");
        fs::write(&file, painted).unwrap();
        for form in ["", " --format markdown"] {
            is_escaped(&world.run(&format!("decisions test --all{form}")));
        }
    }
    fs::write(&file, text).unwrap();
    fs::write(world.path("work/decisions/fleet/\u{1b}[31m.yml"), "").unwrap();
    for form in ["", " --format markdown"] {
        is_escaped(&world.run(&format!("decisions test{form}")).ends(0));
    }
}

/// Found in a review: who accepts some decisions lost the notes above others.
#[test]
fn accepting_some_decisions_leaves_the_files_of_the_others_as_they_are() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let [noted, other] =
        ["mariadb", "redis"].map(|name| world.path(format!("work/decisions/fleet/{name}.yml")));
    let text = fs::read_to_string(&noted).unwrap();
    assert!(text.starts_with("# Accepted decisions, ") && text.contains("comments are not kept"), "{text}");
    let with_note = format!("{text}\n# ann looked at this one, ticket 77\n");
    fs::write(&noted, &with_note).unwrap();
    let nothing = world.run("decisions accept redis-*").ends(0);
    assert_eq!(nothing.stdout, "accepted: 0 new, 0 changed, 0 removed\n");
    // One that changes, and one that stands in another group's file.
    let changed = fs::read_to_string(&other).unwrap().replace("reason: below-threshold", "reason: ambiguous");
    fs::write(&other, changed).unwrap();
    let folder = world.path("work/decisions/fleet");
    fs::rename(folder.join("pg.yml"), folder.join("postgres.yml")).unwrap();
    let written = world.run("decisions accept redis-*").ends(0);
    let files: Vec<&str> = written.stdout.lines().filter(|line| line.ends_with(".yml")).collect();
    assert_eq!(
        files,
        ["decisions/fleet/pg.yml", "decisions/fleet/redis.yml", "decisions/fleet/postgres.yml"],
        "{written:?}"
    );
    assert_eq!(fs::read_to_string(&noted).unwrap(), with_note);
    world.run("decisions test --check").ends(0);
    // All of them take the form of today.
    world.run("decisions accept --all").ends(0).says(&["decisions/fleet/mariadb.yml"]);
    assert_eq!(fs::read_to_string(&noted).unwrap(), text);
}

#[test]
fn a_merge_that_was_left_half_done_is_told_as_one() {
    let world = World::new();
    world.run("decisions accept --all").ends(0);
    let file = world.path("work/decisions/fleet/redis.yml");
    let text = fs::read_to_string(&file).unwrap();
    let (head, entry) = text.split_at(text.find("\nredis").unwrap() + 1);
    fs::write(&file, format!("{head}<<<<<<< HEAD\n{entry}=======\n{entry}>>>>>>> other\n")).unwrap();
    for command in ["decisions test", "decisions accept --all"] {
        let told =
            ["redis.yml:3:1: a merge conflict (`<<<<<<<`)", "take either side, then accept what differs"];
        world.run(command).fails(1, &told);
    }
}

#[test]
fn a_sweep_is_written_over_a_sweep_only() {
    let world = World::new();
    let file = world.path("work/sweep.csv");
    let sweep = "decisions eval --sweep=sweep.csv";
    for mine in ["# Notes\n", "threshold,matched\n", "a"] {
        fs::write(&file, mine).unwrap();
        world.run(sweep).fails(1, &["sweep.csv holds something else than a sweep", "name another file"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), mine);
    }
    for ours in ["", "threshold,matched,wrong,missed,left_for_review,precision,recall\nold\n"] {
        fs::write(&file, ours).unwrap();
        world.run(sweep).ends(0);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 22);
    }
}

#[test]
fn documents_of_other_commands_are_no_sides_and_named_as_what_they_are() {
    let world = World::new();
    for (command, kind) in [("plan --json", "Plan"), ("run --json", "RunReport")] {
        let answer = world.run(command);
        assert_eq!(answer.document()["kind"], kind);
        fs::write(world.path("work/saved.json"), &answer.stdout).unwrap();
        let told = [
            &*format!("saved.json holds a document of kind `{kind}`, not of a scan"),
            "only what `reconciler scan --json` prints is a side",
        ];
        diff(&world, "saved.json ../fleet").fails(1, &told);
    }
    fs::write(world.path("work/saved.yml"), world.run("scan --format yaml").stdout).unwrap();
    diff(&world, "saved.yml ../fleet").fails(1, &["it is not JSON", "`reconciler scan --json`"]);
}
