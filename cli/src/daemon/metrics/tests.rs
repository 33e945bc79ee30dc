//! The text for Prometheus: its names, its form, its numbers, its labels.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reconciler_core::config::{FlagText, Settings, Sources};
use reconciler_core::manager::{Begun, CancellationToken, FailedInstance, Filter, Trigger};

use super::*;
use crate::output::Output;
use crate::wiring::{Access, Workbench};

/// The names that Blacksmith's own reconciler had, with their types.
const KNOWN: [(&str, &str); 8] = [
    ("blacksmith_reconciler_runs_total", "counter"),
    ("blacksmith_reconciler_runs_successful", "counter"),
    ("blacksmith_reconciler_runs_failed", "counter"),
    ("blacksmith_reconciler_last_run_duration_seconds", "gauge"),
    ("blacksmith_reconciler_deployments_total", "counter"),
    ("blacksmith_reconciler_instances_found_total", "counter"),
    ("blacksmith_reconciler_instances_synced_total", "counter"),
    ("blacksmith_reconciler_errors_total", "counter"),
];

/// Values that a label may have besides words of a closed set: numbers.
fn is_closed(label: &str, value: &str) -> bool {
    match label {
        "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
        "status" => value == "none" || value == "other" || value.parse::<u16>().is_ok(),
        "version" => value == env!("CARGO_PKG_VERSION"),
        "route" => value.starts_with('/') && value.bytes().all(|b| b.is_ascii_graphic()),
        _ => value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')),
    }
}

/// The types by name, and the samples; anything that is not well formed fails.
pub(super) fn linted(text: &str) -> (BTreeMap<String, String>, BTreeMap<String, f64>) {
    let (mut types, mut helps) = (BTreeMap::new(), BTreeSet::new());
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, words)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            assert!(helps.insert(name.to_owned()), "{name} has two HELP lines");
            assert!(words.len() > 5, "{line}");
            continue;
        }
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            assert!(helps.contains(name), "{name} has a type before its help");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{name} has two types");
            let is_known = KNOWN.iter().any(|(known, _)| *known == name);
            assert!(is_known || (kind == "counter") == name.ends_with("_total"), "{line}");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        assert!(name.starts_with("blacksmith_reconciler_"), "{line}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{line}");
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| {
            let base = name.strip_suffix(end)?;
            (types.get(base).map(String::as_str) == Some("histogram")).then_some(base)
        });
        assert!(types.contains_key(family.unwrap_or(name)), "{name} has no type");
        for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
            let (label, value) = label.split_once('=').unwrap_or_else(|| panic!("{line}"));
            assert!(is_closed(label, value.trim_matches('"')), "an open label: {line}");
        }
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(samples.insert(series.to_owned(), value), None, "{series} stands there twice");
    }
    assert_eq!(helps, types.keys().cloned().collect());
    (types, samples)
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

fn sample(samples: &BTreeMap<String, f64>, series: &str) -> f64 {
    let full = format!("{PREFIX}_{series}");
    *samples.get(&full).unwrap_or_else(|| panic!("no {full} in {:?}", samples.keys()))
}

/// A run over the demo fleet.
async fn demo_run() -> RunReport {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let flags = vec![
        FlagText::new("fleet", reconciler_tests::fleets::demo().display().to_string(), "--fleet"),
        FlagText::new("store.path", path("store.db"), "--store"),
        FlagText::new("state.path", path("state.db"), "--state"),
    ];
    let settings = Settings::load(Sources { flags, ..Sources::default() }).unwrap();
    let (stop, mut output) = (CancellationToken::new(), Output::to_log());
    let bench = Workbench::open(&settings, Access::Write, Filter::default(), &stop, &mut output);
    let bench = bench.await.unwrap();
    bench.reconciler().run().await.unwrap()
}

/// Measurements in which everything has happened.
pub(super) async fn filled() -> Measurements {
    let mut report = demo_run().await;
    let kind = "transient";
    let (instance, deployment, message) = (String::new(), String::new(), String::new());
    report.failures.push(FailedInstance { instance, deployment, kind, message, advice: None });
    let measurements = Arc::new(Measurements::new(at(0)));
    let record = RunRecord::of(&report, &begun(10), at(13), Duration::from_secs(3));
    measurements.record_run(&record, Some(&report));
    let observer = RequestMeasurements(Arc::clone(&measurements));
    let (peer, method, route, status) = ("vault", "GET", "/v1/:mount/data/*path", Some(200));
    observer.observe(&Observation { peer, method, route, status, is_retry: true, took: Duration::ZERO });
    drop(observer);
    Arc::into_inner(measurements).expect("nobody else holds it")
}

fn begun(second: i64) -> Begun {
    Begun { run_id: "r".to_owned(), trigger: Trigger::Schedule, started_at: at(second) }
}

#[test]
fn before_the_first_run_every_name_is_there_and_well_formed() {
    let measurements = Measurements::new(at(0));
    let text = measurements.exposition(&Metrics::default(), Moment::default(), at(90));
    let (types, samples) = linted(&text);
    for (name, kind) in KNOWN {
        assert_eq!(types.get(name).map(String::as_str), Some(kind), "{name}");
    }
    assert_eq!(sample(&samples, "last_complete_scan_age_seconds"), 90.0);
    assert_eq!(sample(&samples, "last_complete_scan_timestamp_seconds"), 0.0);
    assert_eq!(sample(&samples, &format!("build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
}

#[tokio::test]
async fn a_run_shows_in_the_numbers_and_no_name_of_the_fleet_does() {
    let report = demo_run().await;
    let measurements = Measurements::new(at(0));
    let took = Duration::from_secs(3);
    let record = RunRecord::of(&report, &begun(10), at(13), took);
    measurements.record_run(&record, Some(&report));
    measurements.record_run(&record, Some(&report));
    let failed = RunRecord::failed("failed", "no Director".to_owned(), &begun(20), at(21), took);
    measurements.record_run(&failed, None);
    let moment = Moment { is_running: true, ..Moment::default() };
    let text = measurements.exposition(&Metrics::default(), moment, at(100));
    let (_, samples) = linted(&text);

    let counts = &report.counts;
    assert_eq!(sample(&samples, "last_run_items{of=\"matched\"}"), counts.matched as f64);
    assert_eq!(sample(&samples, "backups_total"), 2.0 * counts.backups as f64);
    assert_eq!(sample(&samples, "writes_total"), 2.0 * counts.writes as f64);
    let of = |start: &str| -> f64 {
        let start = format!("{PREFIX}_{start}");
        samples.iter().filter(|(name, _)| name.starts_with(&start)).map(|(_, value)| value).sum()
    };
    assert_eq!(of("decisions_total{"), 2.0 * counts.deployments as f64);
    assert_eq!(of("decisions_total{outcome=\"matched\""), 2.0 * counts.matched as f64);
    assert_eq!(of("runs_by_outcome_total{"), 3.0);
    assert_eq!(of("run_phase_duration_seconds_count"), 2.0 * report.phases.len() as f64);
    assert!(of("decision_confidence_count") > 0.0);
    let ends = sample(&samples, "last_complete_scan_age_seconds");
    assert_eq!(ends, if report.complete { 87.0 } else { 100.0 });
    assert_eq!(sample(&samples, "running"), 1.0);

    for decision in &report.decisions {
        assert!(!text.contains(decision.deployment.as_str()), "{}", decision.deployment);
        if let Some(identity) = decision.identity() {
            assert!(!text.contains(identity.instance.as_str()));
        }
    }
}

#[test]
fn requests_are_counted_by_peer_route_and_status() {
    let measurements = Arc::new(Measurements::new(at(0)));
    let observer = RequestMeasurements(Arc::clone(&measurements));
    for (status, is_retry) in [(Some(200), false), (Some(503), false), (None, true), (Some(200), true)] {
        let (peer, method, route) = ("director", "GET", "/deployments/:name");
        let took = Duration::from_millis(20);
        observer.observe(&Observation { peer, method, route, status, is_retry, took });
    }
    let (_, samples) = linted(&measurements.exposition(&Metrics::default(), Moment::default(), at(0)));
    let request = |status: &str| {
        let labels = "peer=\"director\",method=\"GET\",route=\"/deployments/:name\"";
        sample(&samples, &format!("requests_total{{{labels},status=\"{status}\"}}"))
    };
    assert_eq!([request("200"), request("503"), request("none")], [2.0, 1.0, 1.0]);
    assert_eq!(sample(&samples, "request_retries_total{peer=\"director\"}"), 2.0);
    let route = "peer=\"director\",route=\"/deployments/:name\"";
    assert_eq!(sample(&samples, &format!("request_duration_seconds_count{{{route}}}")), 4.0);
}

#[test]
fn a_cache_that_was_made_anew_is_counted_from_its_own_beginning() {
    let measurements = Measurements::new(at(0));
    for (hits, misses) in [(2, 10), (14, 10), (1, 3)] {
        measurements.record_cache(CacheLookups { hits, misses });
    }
    let (_, samples) = linted(&measurements.exposition(&Metrics::default(), Moment::default(), at(0)));
    assert_eq!(sample(&samples, "manifest_cache_hits_total"), 15.0);
    assert_eq!(sample(&samples, "manifest_cache_misses_total"), 13.0);
}

/// What appears with its first count never rose, and no alert would see it.
#[test]
fn counts_of_a_closed_set_begin_at_zero() {
    let text = Measurements::new(Utc::now()).exposition(&Metrics::default(), Moment::default(), Utc::now());
    let (_, samples) = linted(&text);
    let of = |name: &'static str| samples.iter().filter(move |(series, _)| series.starts_with(name));
    assert_eq!(of("blacksmith_reconciler_failures_total{").count(), 14);
    assert_eq!(of("blacksmith_reconciler_runs_by_outcome_total{").count(), 12);
    assert!(of("blacksmith_reconciler_failures_total{").all(|(_, count)| *count == 0.0));
}
