//! `decisions diff` with what was decided once: by which index and which rules.

use std::fs;

use serde_json::json;

use super::decisions::diff;
use super::program::{Answer, World};

/// Found in a review: the folder's own index is never the store's again after
/// the first run, so that the same rules flipped what nobody had changed.
#[test]
fn what_was_decided_once_and_what_is_decided_now_have_one_index() {
    let world = World::new();
    world.run("run").ends(0);
    world.run("run --threshold 0.96").ends(0);
    let scan = ["scan", "--json", "--fleet", "../fleet", "--threshold", "0.96"];
    fs::write(world.path("work/yesterday.json"), Answer::of(&mut world.command(scan)).ends(0).stdout)
        .unwrap();
    for kept in ["run:latest", "yesterday.json"] {
        let same = diff(&world, &format!("{kept} -- ../fleet --threshold 0.96")).ends(0).document();
        assert_eq!((&same["data"]["changes"], &same["data"]["compared"]), (&json!([]), &29.into()), "{kept}");
        assert_eq!(same["data"]["same_index"], true, "{kept}");
        let loose = diff(&world, &format!("../fleet {kept}")).ends(20).document();
        assert_eq!(loose["data"]["rules"][0]["what"], "threshold", "{kept}");
    }
}

#[test]
fn sides_whose_indexes_differ_say_so_first() {
    let world = World::new();
    world.run("run").ends(0);
    let first = diff(&world, "run:latest ../fleet").ends(0).document();
    assert_eq!(first["data"]["same_index"], true, "the run began with the fleet's own index");
    let first = first["data"]["before"]["source"].as_str().unwrap().to_owned();
    fs::write(world.file("index.json"), "{}").unwrap();
    let answer = |form: &str| {
        let words = ["decisions", "diff", first.as_str(), "../fleet", "--format", form];
        Answer::of(&mut world.command(words)).ends(0)
    };
    assert_eq!(answer("json").document()["data"]["same_index"], false);
    for form in ["table", "markdown"] {
        let answer = answer(form).says(&["the sides were decided by different indexes"]);
        let (told, listed) =
            (answer.stdout.find("different indexes"), answer.stdout.find("another confidence"));
        assert!(told < listed, "{answer:?}");
    }
}

#[test]
fn a_scan_of_an_older_release_does_not_say_its_index() {
    let world = World::new();
    let scan = Answer::of(&mut world.command(["scan", "--json", "--fleet", "../fleet"])).ends(0);
    let mut document = scan.document();
    for later in ["index", "rules"] {
        document["data"].as_object_mut().unwrap().remove(later).expect("a scan says it");
    }
    fs::write(world.path("work/older.json"), document.to_string()).unwrap();
    let answer = Answer::of(&mut world.command(["decisions", "diff", "older.json", "../fleet"])).ends(0);
    answer.says(&["index unknown: older.json does not say by which one", "0 of 29 compared"]);
}

/// Found in a review: a difference with a run named neither rules nor causes.
#[test]
fn a_difference_with_a_past_run_names_the_rules_that_differ() {
    let world = World::new();
    world.run("run --threshold 0.96 --strategies stored-record,uuid-pattern,manifest-metadata").ends(0);
    let told = [
        "best (threshold 0.960, margin 0.150), chain ",
        "threshold: 0.960 ",
        "now with release-based, name-heuristics",
        " kept no opinions: ",
    ];
    for form in ["table", "markdown"] {
        let words = ["decisions", "diff", "run:latest", "../fleet", "--format", form];
        Answer::of(&mut world.command(words)).ends(0).says(&told);
    }
    let text = Answer::of(&mut world.command(["decisions", "diff", "run:latest", "../fleet"])).ends(0);
    text.says(&["rule  threshold: 0.960 -> 0.700\n"]);
    let document = diff(&world, "run:latest ../fleet").ends(20).document();
    let data = &document["data"];
    assert_eq!((&data["before"]["opinions"], &data["after"]["opinions"]), (&json!(false), &json!(true)));
    assert_eq!(data["rules"][0], json!({"what": "threshold", "before": "0.960", "after": "0.700"}));
    // Two runs say it of one another.
    world.run("run").ends(0);
    let earlier = data["before"]["source"].as_str().unwrap().to_owned();
    let state = world.state_file();
    let mut runs = world.command(["decisions", "diff", &earlier, "run:latest"]);
    let runs = Answer::of(runs.env("BLACKSMITH_RECONCILER_STATE_PATH", state)).ends(0);
    runs.says(&["rule  threshold: 0.960 -> 0.700\n", "now with release-based, name-heuristics\n"]);
}

#[test]
fn a_capture_is_compared_by_the_index_that_lies_in_it() {
    let world = World::new();
    world.run("run").ends(0);
    let capture = ["capture", "--fleet", "../fleet", "--out", "../captured"];
    Answer::of(&mut world.command(capture)).ends(0);
    let words = ["decisions", "diff", "../captured/decisions.json"];
    for fleet in ["../captured", "../fleet"] {
        let same = Answer::of(&mut world.command(words.into_iter().chain([fleet, "--json"]))).ends(0);
        let same = same.document();
        assert_eq!(
            (&same["data"]["changes"], &same["data"]["same_index"]),
            (&json!([]), &json!(true)),
            "{fleet}"
        );
    }
}
