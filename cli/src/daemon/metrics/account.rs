//! The counters by the names that Blacksmith's operators know, as text for
//! Prometheus.

use std::fmt::Write as _;

use reconciler_core::manager::Metrics;

use super::PREFIX;

/// The text.
pub(super) fn exposition(metrics: &Metrics) -> String {
    let Metrics { total_runs, successful_runs, failed_runs, .. } = metrics;
    let rows: [(&str, &str, &str, f64); 8] = [
        ("runs_total", "counter", "Runs that ended.", *total_runs as f64),
        ("runs_successful", "counter", "Runs that came to a report.", *successful_runs as f64),
        ("runs_failed", "counter", "Runs that came to none.", *failed_runs as f64),
        (
            "last_run_duration_seconds",
            "gauge",
            "How long the last run took.",
            metrics.last_run_duration.as_secs_f64(),
        ),
        (
            "deployments_total",
            "counter",
            "Deployments that were looked at.",
            metrics.total_deployments as f64,
        ),
        (
            "instances_found_total",
            "counter",
            "Instances that a deployment was found for.",
            metrics.total_instances_found as f64,
        ),
        (
            "instances_synced_total",
            "counter",
            "Instances whose records were in line in the end.",
            metrics.total_instances_synced as f64,
        ),
        (
            "errors_total",
            "counter",
            "Errors of runs, instances and deployments.",
            metrics.total_errors as f64,
        ),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        let name = format!("{PREFIX}_{name}");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    text
}
