//! The history stays within its limits, and nobody else's entries pay for ours.

use reconciler_core::manager::Reconciler;
use reconciler_core::model::json::raw;
use reconciler_core::updater::HistoryLimits;

use super::{Bench, INSTANCE};

fn limited(max_entries: usize, max_age_seconds: i64) -> impl FnOnce(&mut Reconciler<'_>) {
    move |run| run.options.history = HistoryLimits { max_entries, max_age_seconds }
}

/// Many entries of Blacksmith's own reconciler, one a run, and the broker's.
async fn flooded() -> Bench {
    let bench = Bench::new().await;
    bench.run().await;
    let mut entries = vec![serde_json::json!({"timestamp": 1, "action": "provision", "description": "made"})];
    entries.extend((0..30).map(|at| {
        serde_json::json!({"timestamp": 1_799_990_000 + at, "source": "deployment_reconciler", "action": "reconciliation"})
    }));
    entries.insert(7, serde_json::json!({"timestamp": 2, "action": "update"}));
    bench.change(&format!("{INSTANCE}/metadata"), |metadata| metadata.set("history", raw(&entries))).await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_history_is_not_evicted_by_ours() {
    let bench = flooded().await;
    let report = bench.run_with(limited(10, 0)).await;
    assert_eq!((report.counts.changed, report.counts.writes), (1, 2), "metadata, and the fingerprint");
    let history = bench.history().await;
    assert_eq!(history.len(), 12, "nothing was added, because nothing had changed");
    assert_eq!((&history[0]["action"], &history[1]["action"]), (&"provision".into(), &"update".into()));
    assert_eq!(history[11]["timestamp"], 1_799_990_029);
    // Within its limits it is right, whatever the time.
    assert_eq!(bench.run_with(limited(10, 0)).await.counts.writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn age_alone_is_no_reason_to_write_and_counts_at_the_next_change() {
    let bench = flooded().await;
    bench.run_with(limited(0, 60)).await;
    assert_eq!(bench.history().await.len(), 32);
    assert_eq!(bench.run_with(limited(0, 60)).await.counts.writes, 0);
    // A release changed: its entry comes, and those that are too old go.
    bench.change(&format!("{INSTANCE}/metadata"), |metadata| drop(metadata.remove("releases"))).await;
    bench.run_with(limited(0, 60)).await;
    let history = bench.history().await;
    let actions: Vec<_> = history.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["provision", "update", "reconciliation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_no_list_stays_as_it_is() {
    let bench = Bench::new().await;
    bench.change(&format!("{INSTANCE}/metadata"), |metadata| metadata.set("history", raw("none"))).await;
    bench.run_with(limited(1, 1)).await;
    assert_eq!(bench.below("/metadata").await.text("history").as_deref(), Some("none"));
}
