//! Replacing the scripts while the program runs: the next run uses the new set,
//! no run mixes two, and what is broken leaves the last good one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reconciler_core::matching::{MatchEngine, Opinion, StepResult};
use reconciler_strategies::script::{LiveScripts, Reload};
use reconciler_tests::synthetic;

use super::bench::{Bench, options, script};

fn says(word: &str) -> String {
    script("word", &format!("abstain(\"{word}\")"))
}

fn live(bench: &Bench) -> LiveScripts {
    LiveScripts::open(bench.paths(), options()).unwrap()
}

fn engine(live: &LiveScripts) -> MatchEngine {
    super::bench::engine(&live.current(), 2)
}

/// The words the script says over a fleet, and the fingerprints.
fn run(engine: &MatchEngine, fleet: &synthetic::SyntheticFleet) -> (BTreeSet<String>, BTreeSet<String>) {
    let decisions = engine.decide_all(&fleet.deployments, &fleet.facts);
    let words = decisions.iter().flat_map(|decision| &decision.trace).filter_map(|step| match &step.result {
        StepResult::Said(Opinion::Abstain { why }) if step.strategy.as_str() == "script:word" => {
            Some(why.to_string())
        }
        _ => None,
    });
    (words.collect(), decisions.iter().map(|decision| decision.chain.to_string()).collect())
}

fn words(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn no_run_mixes_two_sets() {
    let bench = Bench::new();
    bench.write("word.rhai", &says("word-0"));
    let live = Arc::new(live(&bench));
    let fleet = synthetic::fleet(300, 20);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            let mut replaced = 0;
            while !done.load(Ordering::Relaxed) {
                replaced += 1;
                bench.write("word.rhai", &says(&format!("word-{replaced}")));
                assert!(matches!(live.reload(), Reload::Replaced(_)));
            }
            replaced
        });
        let mut seen = BTreeSet::new();
        for _ in 0..20 {
            let (words, prints) = run(&engine(&live), &fleet);
            assert_eq!((words.len(), prints.len()), (1, 1), "{words:?} {prints:?}");
            seen.extend(prints);
        }
        done.store(true, Ordering::Relaxed);
        assert!(swapping.join().unwrap() > 0 && !seen.is_empty());
    });
}

#[test]
fn an_engine_keeps_the_set_it_was_made_with_and_the_next_one_has_the_new() {
    let bench = Bench::new();
    bench.write("word.rhai", &says("old"));
    let live = live(&bench);
    let fleet = synthetic::fleet(50, 20);
    let before = engine(&live);
    bench.write("word.rhai", &says("new"));
    assert!(matches!(live.reload(), Reload::Replaced(_)));
    let after = engine(&live);
    assert_eq!(run(&before, &fleet).0, words(&["old"]));
    assert_eq!(run(&after, &fleet).0, words(&["new"]));
    assert_ne!(before.fingerprint(), after.fingerprint(), "the version is the same, the text is not");
    assert!(matches!(live.reload(), Reload::Unchanged));
}

#[test]
fn what_is_broken_leaves_the_last_good_set_and_says_why() {
    let bench = Bench::new();
    bench.write("word.rhai", &says("good"));
    let live = live(&bench);
    let good = engine(&live).fingerprint();
    let failing = says("bad") + "fn test_it() { assert(false, \"it is good\"); }\n";
    for (text, reason) in [
        ("fn assess(", "script.syntax"),
        (&says("bad").replace("abstain", "abstian"), "script.unknown-function"),
        (&says("bad").replace("version: 1", "version: 0"), "script.header"),
        (&failing, "script.test-failed"),
    ] {
        bench.write("word.rhai", text);
        let Reload::Refused(problems) = live.reload() else { panic!("{reason}: taken") };
        assert!(problems.problems().iter().any(|problem| problem.code == reason), "{problems:?}");
        assert!(problems.to_string().contains("word.rhai"), "{problems}");
        assert_eq!(live.refused(), Some(problems));
        assert_eq!(engine(&live).fingerprint(), good, "{reason}");
    }
    bench.write("word.rhai", &says("better"));
    assert!(matches!(live.reload(), Reload::Replaced(_)));
    assert_eq!(live.refused(), None);
}

#[test]
fn a_case_that_fails_refuses_the_set() {
    let bench = Bench::new();
    bench.write("word.rhai", &says("good"));
    let live = live(&bench);
    let case = "deployment: {name: x}\ncatalog: {redis: [redis-small]}\nexpect: {abstain: good}\n";
    bench.write("cases/word/one.yml", case);
    bench.write("word.rhai", &says("other"));
    let Reload::Refused(problems) = live.reload() else { panic!("taken") };
    assert!(problems.problems()[0].file.ends_with("one.yml"), "{problems:?}");
    assert_eq!(problems.problems()[0].at.map(|at| at.to_string()).as_deref(), Some("3:9"));
}

#[test]
fn a_folder_that_is_gone_leaves_the_last_good_set() {
    let bench = Bench::new();
    bench.write("word.rhai", &says("good"));
    let paths = vec![bench.paths()[0].join("word.rhai")];
    let live = LiveScripts::open(paths.clone(), options()).unwrap();
    std::fs::remove_file(&paths[0]).unwrap();
    assert!(matches!(live.reload(), Reload::Refused(_)));
    assert_eq!(live.current().scripts().len(), 1);
}
