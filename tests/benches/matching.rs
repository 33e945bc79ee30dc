//! How fast deployments are decided: parsing apart from the rest, and whether
//! the rest grows with the catalog.
//!
//! `cargo bench --bench matching`; criterion prints deployments a second.

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

use std::hint::black_box;
use std::num::NonZeroUsize;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use reconciler_core::manifest::{Deployment, Manifest};
use reconciler_core::matching::MatchEngine;
use reconciler_tests::synthetic;

const DEPLOYMENTS: usize = 1000;

fn engine(strategies: Option<&[&str]>) -> MatchEngine {
    let mut builder = MatchEngine::builder().with_registered().expect("the strategies are linked");
    if let Some(names) = strategies {
        builder = builder.select(names.iter().copied());
    }
    builder.workers(NonZeroUsize::MIN).build().expect("the chain is valid")
}

/// The same deployments with manifests that nobody has parsed yet.
fn unparsed(deployments: &[Deployment]) -> Vec<Deployment> {
    let fresh = |deployment: &Deployment| {
        let text = deployment.manifest.text().expect("every deployment has a manifest");
        Deployment::new(deployment.summary.clone(), Manifest::from_text(text))
    };
    deployments.iter().map(fresh).collect()
}

fn matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matching");
    group.throughput(Throughput::Elements(DEPLOYMENTS as u64)).sample_size(20);
    let fleet = synthetic::fleet(DEPLOYMENTS, 200);

    group.bench_function("parse", |bench| {
        bench.iter_batched(
            || unparsed(&fleet.deployments),
            |deployments| {
                for deployment in &deployments {
                    black_box(deployment.manifest.document());
                }
                deployments
            },
            BatchSize::LargeInput,
        );
    });
    let all = engine(None);
    group.bench_function("parse and decide", |bench| {
        bench.iter_batched(
            || unparsed(&fleet.deployments),
            |deployments| {
                let decisions: Vec<_> =
                    deployments.iter().map(|deployment| all.decide(deployment, &fleet.facts)).collect();
                (deployments, decisions)
            },
            BatchSize::LargeInput,
        );
    });
    for plans in [20, 200, 2000] {
        let fleet = synthetic::fleet(DEPLOYMENTS, plans);
        for deployment in &fleet.deployments {
            black_box(deployment.manifest.document());
        }
        group.bench_function(BenchmarkId::new("decide, parsed before", plans), |bench| {
            bench.iter(|| {
                for deployment in &fleet.deployments {
                    black_box(all.decide(deployment, &fleet.facts));
                }
            });
        });
    }
    let by_name = engine(Some(&["stored-record", "uuid-pattern", "name-heuristics"]));
    group.bench_function("decide by name", |bench| {
        bench.iter(|| {
            for deployment in &fleet.deployments {
                black_box(by_name.decide(deployment, &fleet.facts));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, matching);
criterion_main!(benches);
