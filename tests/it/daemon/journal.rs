//! The journal over restarts, and of runs that could not tell of themselves.

use reconciler_tests::director::Fault;
use reconciler_tests::vault::{Effect, FakeVault, Fault as VaultFault, ROOT_TOKEN, Route};

use super::*;
use crate::director::Scene;

/// A daemon on a Director, at a free port, with a token.
fn serve(scene: &Scene, change: impl FnOnce(&mut Command)) -> Daemon {
    let mut command = scene.command(&["serve", "--interval", "24h"]);
    command.env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN);
    at_a_free_port(&mut command);
    change(&mut command);
    Daemon::start(command)
}

/// The runs that a daemon shows, each with its trigger and outcome, newest first.
fn shown(daemon: &Daemon) -> Vec<(String, String)> {
    let (_, runs) = daemon.get("/api/v1/runs");
    let text = |run: &Value, field: &str| run[field].as_str().unwrap_or("none").to_owned();
    runs["data"].as_array().unwrap().iter().map(|run| (text(run, "trigger"), text(run, "outcome"))).collect()
}

fn pair(trigger: &str, outcome: &str) -> (String, String) {
    (trigger.to_owned(), outcome.to_owned())
}

#[test]
fn a_daemon_knows_at_once_what_was_before_it() {
    let scene = Scene::new(3);
    assert_eq!(scene.run(&["run"]).code, Some(0));
    let asked = scene.director.counters().of("/info");
    let off = |command: &mut Command| {
        command.env("BLACKSMITH_RECONCILER_ENABLED", "false");
    };
    let daemon = serve(&scene, off);
    // What was before is taken up as soon as the daemon answers.
    let begun = std::time::Instant::now();
    while shown(&daemon).is_empty() && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert_eq!(shown(&daemon), [pair("cli", "complete")]);
    let (_, status) = daemon.get("/api/v1/status");
    let data = &status["data"];
    assert_eq!((&data["instances_found"], &data["instances_synced"]), (&3.into(), &3.into()), "{data}");
    assert!(data["last_run_time"].is_string(), "{data}");
    let (_, metrics) = daemon.get("/metrics");
    let ended = metrics.as_str().unwrap().lines().find_map(|line| {
        line.strip_prefix("blacksmith_reconciler_last_complete_scan_timestamp_seconds ")?.parse::<f64>().ok()
    });
    assert!(ended.unwrap() > 0.0, "{metrics}");
    assert!(metrics.as_str().unwrap().contains("\nblacksmith_reconciler_runs_total 0\n"), "{metrics}");
    assert_eq!(scene.director.counters().of("/info"), asked, "nobody was asked for it");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_run_that_could_not_begin_is_in_the_journal_and_is_made_again_soon() {
    let scene = Scene::new(3);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // The first time there is no state yet; the Director says whose it will be.
    let no_catalog = |command: &mut Command| {
        command.env("BLACKSMITH_URL", format!("http://{nobody}"));
    };
    let daemon = serve(&scene, no_catalog);
    daemon.wait_for("a run failed", 1);
    assert_eq!(shown(&daemon), [pair("schedule", "failed")]);
    let (_, runs) = daemon.get("/api/v1/runs");
    let (_, page) = daemon.get(&format!("/api/v1/runs/{}", runs["data"][0]["run_id"].as_str().unwrap()));
    assert_eq!(page["data"]["state"], "ended", "{page}");
    assert!(page["data"]["error"].as_str().unwrap().contains("catalog"), "{page}");
    assert_eq!(daemon.stop().0, Some(0));

    // Now the Director does not answer, and the state's file says whose it is.
    scene.director.inject(Fault::Refusal(500, "no".to_owned()).on("/info"));
    let daemon = serve(&scene, |_| ());
    daemon.wait_for("a run failed", 1);
    assert_eq!(shown(&daemon), [pair("schedule", "failed"), pair("schedule", "failed")]);
    scene.director.heal();
    // Long before the interval is over.
    daemon.wait_for_runs(1);
    assert_eq!(shown(&daemon)[0], pair("schedule", "complete"));
    assert_eq!(daemon.stop().0, Some(0));
    let journal = scene.run(&["status", "--json"]).json();
    let outcomes: Vec<_> =
        journal["data"]["runs"].as_array().unwrap().iter().map(|run| run["outcome"].clone()).collect();
    assert_eq!(outcomes, ["complete", "failed", "failed"]);
}

#[test]
fn a_run_that_was_ended_by_force_is_told_as_that() {
    let scene = Scene::new(3);
    scene.director.inject(Fault::StalledBody.on("/deployments/:name"));
    let daemon = serve(&scene, |command| {
        // A limit that ends the run, and no grace for it.
        command.env("BLACKSMITH_RECONCILER_RUN_TIMEOUT", "1s");
        command.env("BLACKSMITH_RECONCILER_SHUTDOWN_TIMEOUT", "0s");
    });
    daemon.wait_for("a run failed", 1);
    let (_, runs) = daemon.get("/api/v1/runs");
    let run = &runs["data"][0];
    assert!(run["finished_at"].is_string() && run["outcome"].is_string(), "{run}");
    assert!(run["error"].as_str().unwrap().contains("time limit"), "{run}");
    assert_eq!(daemon.stop().0, Some(0));
}

/// A run that writes when its time is over: the instance in hand is finished.
#[test]
fn a_run_that_is_over_its_time_while_it_writes_says_so_everywhere() {
    let scene = Scene::new(4);
    let vault = FakeVault::plain();
    let late = Effect::Late(Duration::from_secs(4));
    vault.fault(VaultFault::new(late).on(Route::Write));
    let daemon = serve(&scene, |command| {
        command
            .env("BLACKSMITH_RECONCILER_STORE_PATH", "vault")
            .env("VAULT_ADDR", vault.address())
            .env("VAULT_TOKEN", ROOT_TOKEN)
            .env("BLACKSMITH_RECONCILER_MAX_CONCURRENCY", "1")
            .env("BLACKSMITH_RECONCILER_RUN_TIMEOUT", "3s");
    });
    let line = daemon.wait_for("a run ended", 1);
    assert!(line.contains("outcome=\"incomplete\"") && line.contains("changed=1"), "{line}");
    let why = "at its time limit of 3 s, which `run_timeout` raises: stopped before 3 instances were begun";
    daemon.wait_for(why, 1);
    let (_, runs) = daemon.get("/api/v1/runs");
    assert!(runs["data"][0]["error"].as_str().unwrap().contains(why), "{runs}");
    let (_, status) = daemon.get("/api/v1/status");
    assert!(status["data"]["errors"][0].as_str().unwrap().contains(why), "{status}");
    daemon.signal("USR1");
    daemon.wait_for("outcome=\"complete\"", 1);
    assert_eq!(daemon.stop().0, Some(0));
}
