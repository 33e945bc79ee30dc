//! A whole run over the demo fleet whose records are in any store, as the
//! program makes it.

use std::sync::Arc;

use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::manager::{NoProgress, Reconciler, RunOptions, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::ports::{SecretStore, SystemClock};
use reconciler_tests::fleets;

/// Makes a run that writes.
pub(super) async fn reconcile_demo(store: &dyn SecretStore) -> RunReport {
    let fleet = FleetFolder::open(fleets::demo()).unwrap();
    let catalog = fleet.catalog().unwrap().unwrap();
    let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
    let run = Reconciler {
        director: &fleet,
        store,
        state: None,
        catalog: Arc::new(catalog),
        engine: Arc::new(engine),
        clock: &SystemClock,
        progress: &NoProgress,
        options: RunOptions::default(),
    };
    run.run().await.unwrap()
}
