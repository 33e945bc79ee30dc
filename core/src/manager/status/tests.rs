//! What people are told of a reconciler at work.

use super::*;
use crate::model::JsonObject;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + second, 0).unwrap()
}

fn begun(number: i64) -> Begun {
    Begun { run_id: format!("run-{number}"), trigger: Trigger::Schedule, started_at: at(number) }
}

fn made(number: i64, counts: Counts, errors: &[&str]) -> RunRecord {
    RunRecord {
        outcome: if errors.is_empty() { "complete" } else { "incomplete" },
        counts: Some(counts),
        error_count: errors.len(),
        errors: errors.iter().map(|&error| error.to_owned()).collect(),
        ..RunRecord::failed("", String::new(), &begun(number), at(number + 2), Duration::from_secs(2))
    }
}

fn counts(deployments: usize, matched: usize, changed: usize, unchanged: usize) -> Counts {
    Counts { deployments, matched, changed, unchanged, ..Counts::default() }
}

#[test]
fn the_account_adds_up() {
    let ledger = Ledger::default();
    assert_eq!(ledger.status(), Status::default());
    ledger.begin(begun(0));
    assert!(ledger.status().running);
    assert_eq!(ledger.under_way().unwrap().run_id, "run-0");
    ledger.end(made(0, counts(10, 7, 3, 4), &[]));
    ledger.begin(begun(10));
    let failed =
        RunRecord::failed("failed", "no Director".to_owned(), &begun(10), at(14), Duration::from_secs(4));
    ledger.end(failed);
    let status = ledger.status();
    assert!(!status.running);
    assert_eq!((status.instances_found, status.instances_synced), (7, 7), "the last that got so far");
    assert_eq!(status.errors, ["no Director"]);
    assert_eq!(status.last_run_time, Some(at(10)));
    ledger.end(made(20, counts(10, 7, 0, 6), &["one"]));
    assert_eq!(ledger.status().errors, ["one"]);
    ledger.end(made(30, counts(10, 7, 1, 6), &[]));
    assert_eq!(ledger.status().errors, [""; 0], "a run without errors clears them");
    let metrics = ledger.metrics();
    assert_eq!((metrics.total_runs, metrics.successful_runs, metrics.failed_runs), (4, 3, 1));
    assert_eq!(metrics.total_duration, Duration::from_secs(10));
    assert_eq!(metrics.average_duration, Duration::from_millis(2_500));
    assert_eq!(metrics.total_deployments, 30);
    assert_eq!((metrics.total_instances_found, metrics.total_instances_synced), (21, 20));
    assert_eq!(metrics.total_errors, 2);
    let messages: Vec<_> = metrics.recent_errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(messages, ["one", "no Director"]);
    assert_eq!(ledger.runs()[0].run_id, "run-30");
}

#[test]
fn what_the_journal_tells_is_taken_up_until_a_run_has_ended_here() {
    let entry = |second, counts: &str, error: Option<&str>| RunSummary {
        run_id: format!("before-{second}"),
        trigger: Some("schedule".to_owned()),
        started_at: at(second),
        finished_at: Some(at(second + 5)),
        outcome: Some("complete".to_owned()),
        complete: true,
        error: error.map(str::to_owned),
        chain: None,
        index: None,
        phases: Vec::new(),
        counts: JsonObject::parse(counts).unwrap(),
        findings: 0,
    };
    let unfinished = RunSummary { finished_at: None, outcome: None, ..entry(30, "{}", None) };
    let failed = entry(20, "{}", Some("no Director"));
    let journal = [unfinished, failed, entry(10, r#"{"matched": 7, "changed": 1, "unchanged": 5}"#, None)];
    let ledger = Ledger::default();
    ledger.recall(&journal);
    let status = ledger.status();
    assert_eq!((status.instances_found, status.instances_synced), (7, 6), "of the last that got so far");
    assert_eq!(status.last_run_time, Some(at(20)));
    assert_eq!(status.last_run_duration, Some(Duration::from_secs(5)));
    assert_eq!(status.errors, ["no Director"]);
    assert_eq!(ledger.metrics(), Metrics::default());
    ledger.end(made(40, counts(2, 2, 0, 2), &[]));
    ledger.recall(&journal);
    assert_eq!(ledger.status().last_run_time, Some(at(40)));
}

#[test]
fn what_is_kept_has_an_end() {
    let ledger = Ledger::default();
    for number in 0..200 {
        ledger.end(made(number, counts(1, 1, 1, 0), &["a", "b"]));
    }
    assert_eq!(ledger.runs().len(), RECENT);
    assert_eq!(ledger.metrics().recent_errors.len(), RECENT);
    assert_eq!(ledger.metrics().total_errors, 400);
}
