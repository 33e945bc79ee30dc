//! The scripts that ship: checked, tested, short, described; and the
//! definitions beside them are up to date.

use std::path::PathBuf;

use reconciler_strategies::script::{ScriptOptions, ScriptSet, definitions, trial};
use reconciler_tests::examples;

fn set() -> ScriptSet {
    ScriptSet::load(&[examples::folder()], &ScriptOptions::default()).unwrap()
}

#[test]
fn the_examples_are_the_five_that_are_promised() {
    let ids: Vec<String> = set().scripts().iter().map(|script| script.header().id.clone()).collect();
    let promised = ["company-naming", "legacy-prefixes", "plan-tags", "release-versions", "retired-teams"];
    assert_eq!(ids, promised);
}

#[test]
fn each_is_short_described_and_without_a_warning() {
    let set = set();
    assert_eq!(set.warnings(), []);
    for script in set.scripts() {
        let text = std::fs::read_to_string(script.path()).unwrap();
        assert!(text.lines().count() < 120, "{}", script.file());
        let doc = script.doc();
        for word in ["Looks at", "roposes", "Abstains"] {
            assert!(doc.contains(word) || doc.contains("Vetoes"), "{}: no `{word}` in {doc}", script.file());
        }
        assert!(script.tests().len() >= 2, "{}", script.file());
        assert!(std::fs::read_dir(script.cases()).unwrap().count() >= 1, "{}", script.file());
    }
}

#[test]
fn all_their_tests_pass_and_reach_every_line() {
    let report = trial::run(&set(), true).unwrap();
    for trial in &report.trials {
        assert!(trial.failure.is_none(), "{} {}: {:?}", trial.script, trial.name, trial.failure);
    }
    for coverage in &report.coverage {
        assert_eq!(coverage.percent(), 100, "{}: {:?}", coverage.script, coverage.missed);
    }
}

#[test]
fn the_definitions_are_up_to_date() {
    let file: PathBuf = examples::folder().join(".rhai/definitions/reconciler.d.rhai");
    let committed = std::fs::read_to_string(&file).unwrap();
    assert!(committed == definitions(), "run `reconciler scripts definitions --write scripts`");
}

#[test]
fn the_definitions_hold_what_scripts_can_call_and_nothing_else() {
    let definitions = definitions();
    for known in [
        "fn propose(instance: String, plan: Plan",
        "fn get name(object: Deployment)",
        "fn abstain(",
        "fn matches(",
    ] {
        assert!(definitions.contains(known), "no `{known}`");
    }
    for unknown in ["sleep", "timestamp", "eval", "exit", "parse_json", "rand"] {
        assert!(!definitions.contains(&format!("fn {unknown}(")), "{unknown}");
    }
}
