//! How much is asked of a Director.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use reconciler_core::adapters::bosh::{BoshDirector, BoshSettings, DirectorAddress};
use reconciler_core::adapters::http::{LimitSettings, Secret};
use reconciler_core::ports::Director;
use reconciler_core::scanner::{ManifestCache, ScanSettings, Scanner};

use super::*;

#[test]
fn a_run_over_n_deployments_makes_n_and_three_requests_and_starts_no_task() {
    let scene = Scene::new(60);
    // Where no record knows when a deployment was made, its events are asked, once
    // for all: here there are none, and no page follows the first.
    for (round, writes, events) in [("first", true, 1), ("second", false, 0)] {
        scene.director.reset_counters();
        let run = scene.run(&["run", "--json"]);
        assert_eq!(run.code, Some(0), "{round}: {run:?}");
        let report = run.json();
        assert_eq!(report["data"]["counts"]["matched"], 60, "{round}");
        assert_eq!(report["data"]["counts"]["writes"].as_u64().unwrap() > 0, writes, "{round}");
        let counters = scene.director.counters();
        assert_eq!(counters.director(), 60 + 3 + events, "{round}: {:?}", counters.by_route);
        assert_eq!((counters.tasks_created, counters.of("/oauth/token")), (0, 1), "{round}");
        assert!(counters.most_in_flight <= 4, "{round}: {}", counters.most_in_flight);
        assert!(counters.seen.iter().all(|seen| seen.method == "GET" || seen.route == "/oauth/token"));
    }
}

#[test]
fn no_more_requests_are_in_flight_than_configured() {
    let scene = Scene::new(40);
    scene.director.set_latency(Duration::from_millis(5));
    for (key, most) in [("DIRECTOR_MAX_IN_FLIGHT", 2), ("MAX_CONCURRENCY", 1)] {
        scene.director.reset_counters();
        let name = format!("BLACKSMITH_RECONCILER_{key}");
        let scan: Ended = scene.command(&["scan"]).env(name, most.to_string()).output().unwrap().into();
        assert_eq!(scan.code, Some(0), "{scan:?}");
        let counters = scene.director.counters();
        assert_eq!(counters.director(), 40 + 2);
        assert!(counters.most_in_flight <= most, "{key}: {}", counters.most_in_flight);
    }
}

async fn scan_once(director: &dyn Director, cache: &ManifestCache) -> usize {
    let scanner = Scanner::new(director, cache, ScanSettings::default());
    let scan = scanner.list(None, None).await.unwrap();
    let seen: Vec<_> = scanner.manifests(&scan.summaries).collect().await;
    assert!(seen.iter().all(|one| one.gap.is_none()));
    seen.len()
}

#[tokio::test]
async fn a_second_scan_within_the_time_to_live_makes_two_requests() {
    let fake = FakeDirector::start(director(30));
    let mut settings = BoshSettings::new(DirectorAddress::parse(fake.address()).unwrap());
    settings.client = Some("reader".to_owned());
    settings.client_secret = Some(Secret::new(CLIENT_SECRET));
    settings.limits = LimitSettings::new(4, None);
    let director: Arc<dyn Director> = Arc::new(BoshDirector::new(settings).unwrap());
    let cache = ManifestCache::default();
    for expected in [30 + 2, 2] {
        fake.reset_counters();
        assert_eq!(scan_once(director.as_ref(), &cache).await, 30);
        assert_eq!(fake.counters().director(), expected);
    }
    // A deployment whose entry in the list is another one, or that a task
    // holds, is asked for; so is everything once the cache was cleared.
    fake.change(|state| {
        state.deployments.get_mut(&name(3)).unwrap().releases = vec![("redis".into(), "2".into())];
        state.deployments.get_mut(&name(4)).unwrap().locked = true;
        state.deployments.remove(&name(5));
    });
    fake.reset_counters();
    scan_once(director.as_ref(), &cache).await;
    assert_eq!((fake.counters().director(), cache.len()), (2 + 2, 29));
    cache.clear();
    fake.reset_counters();
    scan_once(director.as_ref(), &cache).await;
    assert_eq!(fake.counters().director(), 29 + 2);
}
