//! How much is asked of a Director: its number, and how many at once.

use futures_util::StreamExt;
use futures_util::stream;
use reconciler_core::ports::{Director, ManifestAnswer};

use super::*;

fn fleet(deployments: usize) -> DirectorState {
    let manifest = format!("name: x\nnote: {}\n", "word ".repeat(100));
    (0..deployments).fold(DirectorState::default().client("reader", SECRET, &["bosh.read"]), |state, n| {
        state.deployment(&format!("d-{n:04}"), &manifest)
    })
}

/// Reads a whole fleet with more readers than places.
async fn scan(director: &BoshDirector, deployments: usize) {
    director.info().await.unwrap();
    let list = director.deployments().await.unwrap();
    director.tasks_in_flight().await.unwrap();
    let found = stream::iter(&list)
        .map(|deployment| director.manifest(&deployment.name))
        .buffer_unordered(10 * IN_FLIGHT)
        .filter(|answer| {
            let found = matches!(answer, Ok(ManifestAnswer::Found(_)));
            async move { found }
        })
        .count()
        .await;
    assert_eq!((list.len(), found), (deployments, deployments));
}

#[tokio::test]
async fn a_scan_takes_n_and_three_requests_and_never_more_at_once_than_allowed() {
    let fake = FakeDirector::start(fleet(300));
    let director = client(settings(&fake));
    scan(&director, 300).await;
    let counters = fake.counters();
    assert_eq!(counters.director(), 300 + 3);
    assert_eq!((counters.tasks_created, counters.of("/oauth/token")), (0, 1));
    assert!(counters.most_in_flight <= IN_FLIGHT, "{}", counters.most_in_flight);
    let ours = director.statistics();
    assert_eq!((ours.total(), ours.retries), (304, 0));
    assert_eq!(ours.by_route["/deployments/:name"], 300);
    assert!(ours.most_in_flight <= IN_FLIGHT);
}
