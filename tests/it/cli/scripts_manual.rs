//! What the manual for authors of scripts says: every snippet is run, in the
//! order of the text.

use std::fs;

use super::manual::{Snippet, snippets};
use super::program::World;

/// A script whose `assess`, or whose test, holds the snippet.
fn around(id: &str, snippet: &Snippet, in_test: bool) -> String {
    let (assess, test) = if in_test { ("", snippet.text.as_str()) } else { (snippet.text.as_str(), "") };
    format!(
        "fn strategy() {{ #{{ id: \"{id}\", version: 1, summary: \"x\" }} }}\n\
         fn assess(deployment, catalog) {{\n{assess}\nabstain(\"\")\n}}\nfn test_it() {{\n{test}\n}}\n"
    )
}

#[test]
fn every_snippet_does_what_the_manual_says() {
    let world = World::new();
    fs::create_dir_all(world.path("work/tests/fleets")).unwrap();
    std::os::unix::fs::symlink(world.fleet(), world.path("work/tests/fleets/demo")).unwrap();
    fs::create_dir(world.path("work/snippets")).unwrap();
    let mut run = 0;
    for snippet in snippets("scripts.md") {
        let place = format!("line {}", snippet.line);
        match snippet.kind.split_once(' ').unwrap_or((&snippet.kind, "")) {
            ("sh", "") => {
                let script = format!("set -e\nreconciler() {{ \"$reconciler\" \"$@\"; }}\n{}", snippet.text);
                let answer = world.shell(&script);
                // Incomplete is what the demo fleet is.
                let ended = [Some(0), Some(3)].contains(&answer.code);
                assert!(ended, "{place}: {:?}\n{}{}", answer.code, answer.stdout, answer.stderr);
            }
            ("rhai" | "yaml", name) if name.starts_with("file=") => {
                let file = world.path("work").join(&name["file=".len()..]);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, &snippet.text).unwrap();
            }
            ("rhai", kind) => {
                let id = format!("snippet-{}", snippet.line);
                let file = format!("snippets/{id}.rhai");
                fs::write(world.path("work").join(&file), around(&id, &snippet, kind == "test")).unwrap();
                world.run(&format!("scripts test {file}")).ends(0).says(&["1 passed, 0 failed"]);
                world.run(&format!("scripts run {id} cf --scripts {file} --fleet ../fleet")).ends(0);
            }
            ("yaml", "config") => {
                fs::write(world.path("work/conf.yml"), &snippet.text).unwrap();
                world.run("strategies list --config conf.yml").ends(0).says(&["script:team-caches"]);
            }
            (kind, _) => panic!("{place}: nobody knows how to run `{kind}`"),
        }
        run += 1;
    }
    assert!(run > 15, "only {run} snippets were found");
    world.run("scripts test").ends(0).says(&["no-plan.yml … ok", "everything.yml … ok", "4 tests: 4 passed"]);
    let coverage = world.run("scripts test --coverage").ends(0);
    coverage.says(&["coverage team-caches: 100 %"]);
}
