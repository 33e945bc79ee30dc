//! What a script costs: a call on one thread, and how two threads share them.
//!
//! `cargo bench --bench scripts`; criterion prints calls a second.

use std::hint::black_box;
use std::num::NonZeroUsize;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use reconciler_core::matching::MatchEngine;
use reconciler_strategies::script::{ScriptOptions, ScriptSet};
use reconciler_tests::{examples, synthetic};

const DEPLOYMENTS: usize = 10_000;

/// An engine of one of the shipped scripts and nothing else.
fn engine(set: &ScriptSet, id: &str, threads: usize) -> MatchEngine {
    let builder = MatchEngine::builder().with_entries(set.entries()).select([format!("script:{id}")]);
    builder.workers(NonZeroUsize::new(threads).expect("some")).build().expect("a chain")
}

fn scripts(criterion: &mut Criterion) {
    let set = ScriptSet::load(&[examples::folder()], &ScriptOptions::default()).expect("the examples");
    let fleet = synthetic::fleet(DEPLOYMENTS, 200);
    for deployment in &fleet.deployments {
        black_box(deployment.manifest.document());
    }
    let mut group = criterion.benchmark_group("scripts");
    group.throughput(Throughput::Elements(DEPLOYMENTS as u64)).sample_size(10);
    for script in set.scripts() {
        let id = &script.header().id;
        for threads in [1, 2] {
            let engine = engine(&set, id, threads);
            group.bench_function(BenchmarkId::new(id, threads), |bench| {
                // The decisions are dropped outside the time: one thread does that.
                bench.iter_with_large_drop(|| engine.decide_each(&fleet.deployments, &fleet.facts));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, scripts);
criterion_main!(benches);
