//! How long a scan of a Director takes, as a ratio to what its latency and the
//! limit on requests in flight allow; what a second scan asks; what is kept.
//!
//! `cargo bench --bench scan`; `-- 50000 0` scans 50,000 deployments without
//! latency, for the memory they take.

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

use std::time::{Duration, Instant};

use reconciler_core::adapters::bosh::{BoshDirector, BoshSettings, DirectorAddress};
use reconciler_core::adapters::http::{LimitSettings, Secret};
use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::manager::Reconciler;
use reconciler_core::matching::MatchEngine;
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::director::{Deployment, DirectorState, FakeDirector, FakeDirectorSettings};
use reconciler_tests::synthetic;

const PLANS: usize = 200;
const IN_FLIGHT: u32 = 4;

fn state(deployments: usize) -> DirectorState {
    let mut state = DirectorState::default().client("reader", "secret", &["bosh.read"]);
    for deployment in synthetic::fleet(deployments, PLANS).deployments {
        let releases = &deployment.summary.releases;
        let entry = Deployment {
            manifest: deployment.manifest.text().map(str::to_owned),
            releases: releases.iter().map(|one| (one.name.to_string(), one.version.to_string())).collect(),
            ..Deployment::default()
        };
        state.deployments.insert(deployment.summary.name.to_string(), entry);
    }
    state
}

/// The numbers on the command line; what Cargo adds is no number.
fn arguments() -> (usize, Duration) {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<u32>().ok());
    let deployments = numbers.next().map_or(1000, |number| number as usize);
    (deployments, Duration::from_millis(numbers.next().unwrap_or(20).into()))
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it found")]
fn main() {
    let (deployments, latency) = arguments();
    let settings = FakeDirectorSettings { latency, ..FakeDirectorSettings::default() };
    let fake = FakeDirector::start_with(state(deployments), settings);
    let mut settings = BoshSettings::new(DirectorAddress::parse(fake.address()).expect("an address"));
    settings.client = Some("reader".to_owned());
    settings.client_secret = Some(Secret::new("secret"));
    settings.limits = LimitSettings::new(IN_FLIGHT as usize, None);
    let director = BoshDirector::new(settings).expect("settings that can be used");
    let store = SqliteStore::open_in_memory().expect("memory");
    let manifests = ManifestCache::default();
    let engine =
        MatchEngine::builder().with_registered().and_then(|builder| builder.build()).expect("a chain");
    let reconciler = Reconciler::new(&director, &store, &manifests, synthetic::catalog(PLANS), engine);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for name in ["first scan", "second scan"] {
        fake.reset_counters();
        let start = Instant::now();
        let survey = runtime.block_on(reconciler.survey()).expect("a survey");
        let took = start.elapsed();
        assert!(survey.is_complete() && survey.decisions.len() == deployments);
        let counters = fake.counters();
        println!(
            "{name}: {deployments} deployments in {took:.2?}; {} requests, {} in flight at most, {} tasks",
            counters.director(),
            counters.most_in_flight,
            counters.tasks_created,
        );
        // The second waits for two requests only; the rest is deciding.
        if name == "first scan" && !latency.is_zero() {
            // The token, `/info` and the list go one after the other.
            let rounds = u32::try_from(deployments).unwrap_or(u32::MAX).div_ceil(IN_FLIGHT) + 3;
            let allowed = latency * rounds;
            let ratio = took.as_secs_f64() / allowed.as_secs_f64();
            println!("  latency and the limit in flight allow {allowed:.2?}: ratio {ratio:.3}");
        }
    }
    println!("kept: {} manifests, {:.1} MB", manifests.len(), manifests.bytes() as f64 / 1e6);
}
