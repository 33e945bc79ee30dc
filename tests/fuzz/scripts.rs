//! Feeds random scripts to the host for some seconds:
//! `cargo run --release -p reconciler-cli --example fuzz-scripts -- 60`.

#[path = "../it/scripts/random.rs"]
mod random;

use std::time::{Duration, Instant};

use reconciler_core::matching::MatchEngine;
use reconciler_strategies::script::ScriptSet;

/// An engine of nothing but the scripts.
fn random_engine(set: &ScriptSet) -> MatchEngine {
    MatchEngine::builder().with_entries(set.entries()).build().expect("a chain")
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let seconds = arguments.next().and_then(Result::ok).unwrap_or(60);
    let mut number = arguments.next().and_then(Result::ok).unwrap_or(0);
    let folder = tempfile::tempdir().expect("a folder");
    let examples = reconciler_tests::examples::texts();
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut came = [0u64; 3];
    while Instant::now() < end {
        number += 1;
        came[random::round(number, folder.path(), &examples) as usize] += 1;
    }
    #[expect(clippy::print_stdout, reason = "this is its answer")]
    {
        println!("rounds up to {number}: {} refused, {} failed, {} said", came[0], came[1], came[2]);
    }
}
