//! What the manual of decisions under test says: every snippet is run, in the
//! order of the text.

use std::fs;

use super::manual::snippets;
use super::program::World;

#[test]
fn every_snippet_does_what_the_manual_says() {
    let world = World::new();
    fs::create_dir_all(world.path("work/tests/fleets")).unwrap();
    reconciler_tests::fleets::copy(&world.fleet(), &world.path("work/tests/fleets/demo")).unwrap();
    let mut run = 0;
    for snippet in snippets("decisions.md") {
        let place = format!("line {}", snippet.line);
        let (kind, expected) = snippet.kind.split_once(" exit=").unwrap_or((&snippet.kind, "0"));
        if kind != "sh" {
            assert!(["text", "yaml"].contains(&kind), "{place}: nobody knows how to run `{kind}`");
            continue;
        }
        let script = format!("set -e\nreconciler() {{ \"$reconciler\" \"$@\"; }}\n{}", snippet.text);
        let answer = world.shell(&script);
        let ended = answer.code.map(|code| code.to_string());
        assert_eq!(ended.as_deref(), Some(expected), "{place}\n{}{}", answer.stdout, answer.stderr);
        run += 1;
    }
    assert!(run > 6, "only {run} snippets were run");
}
