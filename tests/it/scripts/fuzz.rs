//! Random scripts do no harm: a short run of what `cargo run --example
//! fuzz-scripts` does for as long as one likes.

#[path = "random.rs"]
pub(super) mod random;

use reconciler_core::matching::MatchEngine;
use reconciler_strategies::script::ScriptSet;
use reconciler_tests::examples;

use random::Came;

/// An engine of nothing but the scripts.
pub(super) fn random_engine(set: &ScriptSet) -> MatchEngine {
    MatchEngine::builder().with_entries(set.entries()).build().unwrap()
}

#[test]
fn random_scripts_are_refused_or_end_within_their_limits() {
    let folder = tempfile::tempdir().unwrap();
    let examples = examples::texts();
    let came: Vec<Came> = (0..300).map(|number| random::round(number, folder.path(), &examples)).collect();
    for outcome in [Came::Refused, Came::Failed, Came::Said] {
        assert!(came.contains(&outcome), "no round was {outcome:?}");
    }
}
