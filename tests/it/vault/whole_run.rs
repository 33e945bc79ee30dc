//! A whole run over the demo fleet whose records are in any store, as the
//! program makes it.

use std::time::Duration;

use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::ports::SecretStore;
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::fleets;

/// Makes a run that writes.
pub(super) async fn reconcile_demo(store: &dyn SecretStore) -> RunReport {
    let fleet = FleetFolder::open(fleets::demo()).unwrap();
    let catalog = fleet.catalog().unwrap().unwrap();
    let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
    let manifests = ManifestCache::new(Duration::ZERO);
    let run = Reconciler::new(&fleet, store, &manifests, catalog, engine);
    run.run().await.unwrap()
}
