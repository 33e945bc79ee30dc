//! Two hundred runs in quick succession, with faults at 5 % of the requests.

use reconciler_tests::director::Fault;

use super::*;
use crate::director::Scene;

const RUNS: u64 = 200;
const DEPLOYMENTS: usize = 4;

/// Memory in KiB and open files of a process.
fn footprint(daemon: &Daemon) -> (u64, usize) {
    let process = format!("/proc/{}", daemon.child.id());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default();
    let files = std::fs::read_dir(format!("{process}/fd")).map(Iterator::count).unwrap_or_default();
    (resident, files)
}

/// Asks for one run after the other until so many have ended.
fn make_runs(daemon: &Daemon, runs: u64) -> Value {
    loop {
        let (run_id, _) = daemon.ask_for_run();
        daemon.wait_for(&format!("run_id=\"{run_id}\" trigger=\"forced\" outcome="), 1);
        let (_, metrics) = daemon.get("/api/v1/metrics");
        let data = metrics["data"].clone();
        if data["total_runs"].as_u64().unwrap() >= runs {
            return data;
        }
    }
}

#[test]
fn two_hundred_runs_with_faults_leave_no_trace_but_their_account() {
    let scene = Scene::new(DEPLOYMENTS);
    scene.director.inject(Fault::BadGateway.everywhere().now_and_then(50, 7));
    let mut command = scene.command(&["serve", "--interval", "24h"]);
    command
        .env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN)
        .env("BLACKSMITH_RECONCILER_DIRECTOR_TRIES", "1")
        .env("BLACKSMITH_RECONCILER_CACHE_TTL", "0s")
        .env("BLACKSMITH_RECONCILER_JOURNAL_MAX_RUNS", "1000");
    at_a_free_port(&mut command);
    let daemon = Daemon::start(command);
    make_runs(&daemon, RUNS / 2);
    let warm = footprint(&daemon);
    let metrics = make_runs(&daemon, RUNS);
    let after = footprint(&daemon);
    eprintln!(
        "after {} runs {} KiB, {} files; after {RUNS} {} KiB, {} files",
        RUNS / 2,
        warm.0,
        warm.1,
        after.0,
        after.1
    );
    assert!(after.0 <= warm.0 + warm.0 / 5, "memory grew from {} to {} KiB", warm.0, after.0);
    assert!(after.1 <= warm.1 + 8, "open files grew from {} to {}", warm.1, after.1);
    let count = |name: &str| metrics[name].as_u64().unwrap();
    assert!(count("failed_runs") > 0 && count("successful_runs") > RUNS / 2, "{metrics}");
    assert_eq!(count("total_runs"), count("failed_runs") + count("successful_runs"));
    assert_eq!(metrics["recent_errors"].as_array().unwrap().len(), 50, "the latest errors have an end");
    assert_eq!(count("total_deployments"), count("successful_runs") * DEPLOYMENTS as u64);
    assert!(count("total_errors") >= count("failed_runs"), "{metrics}");

    // Without faults the next run has everything in line, whatever failed before.
    scene.director.heal();
    let (run_id, _) = daemon.ask_for_run();
    daemon.wait_for(&format!("a run ended run_id=\"{run_id}\" trigger=\"forced\" outcome=\"complete\""), 1);
    let (_, status) = daemon.get("/api/v1/status");
    assert_eq!(status["data"]["instances_synced"], DEPLOYMENTS);
    let (_, exposition) = daemon.get("/metrics");
    let counters = scene.director.counters();
    let lists = counters.of("/deployments");
    // Every request that a fake has seen is counted, for its peer, and none more.
    let measured = |peer: &str| -> u64 {
        let series = format!("blacksmith_reconciler_requests_total{{peer=\"{peer}\"");
        let lines = exposition.as_str().unwrap().lines().filter(|line| line.starts_with(&series));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!(measured("director"), counters.director());
    assert_eq!(measured("uaa"), counters.of("/oauth/token"));
    assert_eq!(measured("broker"), scene.broker.versions_asked().len() as u64);
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0));

    // What the log counts is what the Director counted, and no run began before
    // the one before had ended.
    let asked = log.lines().filter(|line| line.contains("a run begins")).count() as u64;
    assert!(lists <= asked && lists > asked / 2, "{lists} lists in {asked} runs");
    let mut under_way = 0;
    for line in log.lines() {
        under_way += i32::from(line.contains("a run begins"));
        under_way -= i32::from(line.contains("a run ended") || line.contains("a run failed"));
        assert!((0..=1).contains(&under_way), "two runs at once: {line}");
    }
    // Every deployment that a run could not see was seen by a later one.
    let journal = scene.run(&["status", "--runs", "1000", "--json"]).json();
    let runs = journal["data"]["runs"].as_array().unwrap();
    let incomplete = runs.iter().filter(|run| run["outcome"] == "incomplete").count();
    assert!(incomplete > 0 && runs[0]["outcome"] != "failed", "{}", runs[0]);
}
