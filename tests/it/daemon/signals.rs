//! Signals: a run now, an end, an end at once.

use reconciler_tests::director::Fault;

use super::*;
use crate::director::Scene;

#[test]
fn the_first_run_is_made_at_once_and_sigusr1_has_another_one_made() {
    let home = Home::new();
    let daemon = Daemon::start(home.serve());
    daemon.wait_for_runs(1);
    daemon.signal("USR1");
    daemon.wait_for_runs(2);
    let (_, runs) = daemon.get("/api/v1/runs");
    let triggers: Vec<_> =
        runs["data"].as_array().unwrap().iter().map(|run| run["trigger"].as_str().unwrap()).collect();
    assert_eq!(triggers, ["forced", "schedule"]);
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.lines().last().unwrap().contains("ended"), "{log}");
}

#[test]
fn a_forced_run_asks_for_every_manifest_and_a_scheduled_one_takes_what_is_kept() {
    let scene = Scene::new(5);
    let mut command = scene.command(&["serve", "--interval", "1s"]);
    command.env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN);
    at_a_free_port(&mut command);
    let daemon = Daemon::start(command);
    daemon.wait_for_runs(3);
    assert_eq!(scene.director.counters().of("/deployments/:name"), 5);
    daemon.signal("USR1");
    daemon.wait_for("a run ended run_id=", 1);
    daemon.wait_for("trigger=\"forced\" outcome", 1);
    assert_eq!(scene.director.counters().of("/deployments/:name"), 10);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn all_who_ask_during_a_run_get_the_same_next_one() {
    let scene = Scene::new(3);
    scene.director.inject(Fault::StalledBody.on("/deployments/:name").times(1));
    let mut command = scene.command(&["serve"]);
    command.env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN);
    command.env("BLACKSMITH_RECONCILER_DIRECTOR_READ_TIMEOUT", "3s");
    at_a_free_port(&mut command);
    let daemon = Daemon::start(command);
    daemon.wait_for("a run begins", 1);
    let (first, joined) = daemon.ask_for_run();
    assert!(!joined);
    for _ in 0..5 {
        assert_eq!(daemon.ask_for_run(), (first.clone(), true));
    }
    let (_, page) = daemon.get(&format!("/api/v1/runs/{first}"));
    assert_eq!(page["data"]["state"], "waiting");
    daemon.wait_for(&format!("a run ended run_id=\"{first}\""), 1);
    let (_, metrics) = daemon.get("/api/v1/metrics");
    assert_eq!(metrics["data"]["total_runs"], 2);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_stop_while_the_director_hangs_ends_the_run_at_once_and_well() {
    let scene = Scene::new(3);
    scene.director.inject(Fault::StalledBody.on("/deployments/:name"));
    let mut command = scene.command(&["serve"]);
    at_a_free_port(&mut command);
    let daemon = Daemon::start(command);
    while scene.director.counters().of("/deployments/:name") == 0 {
        std::thread::yield_now();
    }
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("outcome=\"interrupted\"") && log.contains("a run was interrupted"), "{log}");
    assert!(!log.contains("ERROR"), "who stopped it knows: {log}");
}

#[test]
fn a_run_that_fails_ends_nothing_and_the_readiness_says_why() {
    let scene = Scene::new(3);
    scene.director.inject(Fault::Refusal(500, "no".to_owned()).on("/deployments"));
    let mut command = scene.command(&["serve", "--interval", "1s"]);
    command.env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN);
    at_a_free_port(&mut command);
    let daemon = Daemon::start(command);
    daemon.wait_for("a run failed", 2);
    let (status, body) = daemon.get("/readyz");
    assert_eq!(status, 503, "{body}");
    assert!(body["data"]["reasons"][0].as_str().unwrap().contains("the last run failed"), "{body}");
    // A probe without the token learns that much and no more.
    let (status, body) =
        daemon.exchange("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 503);
    assert!(body.contains("\"reasons\":[]"), "{body}");
    scene.director.heal();
    daemon.wait_for_runs(1);
    assert_eq!(daemon.get("/readyz").0, 200);
    let (_, runs) = daemon.get("/api/v1/runs");
    let outcomes = runs["data"].as_array().unwrap().iter().map(|run| run["outcome"].clone());
    assert!(outcomes.clone().any(|outcome| outcome == "failed"), "{runs}");
    assert!(outcomes.clone().any(|outcome| outcome == "complete"), "{runs}");
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn a_killed_run_shows_as_unfinished() {
    let scene = Scene::new(3);
    assert_eq!(scene.run(&["run"]).code, Some(0));
    scene.director.inject(Fault::StalledBody.on("/deployments/:name"));
    let mut command = scene.command(&["serve"]);
    at_a_free_port(&mut command);
    let mut daemon = Daemon::start(command);
    while scene.director.counters().of("/deployments/:name") < 4 {
        std::thread::yield_now();
    }
    daemon.child.kill().unwrap();
    drop(daemon);
    scene.director.heal();
    let status = scene.run(&["status", "--json"]);
    let runs = &status.json()["data"]["runs"];
    assert_eq!((&runs[0]["outcome"], &runs[0]["finished_at"]), (&Value::Null, &Value::Null), "{runs}");
    assert_eq!((&runs[1]["outcome"], &runs[1]["trigger"]), (&"complete".into(), &"cli".into()), "{runs}");
    assert!(scene.run(&["status"]).stdout.contains("unfinished"));
}

#[test]
fn where_runs_are_switched_off_it_says_so_and_answers() {
    let home = Home::new();
    let mut command = home.serve();
    command.env("BLACKSMITH_RECONCILER_ENABLED", "false");
    let daemon = Daemon::start(command);
    daemon.wait_for("runs are switched off", 1);
    let (status, body) = daemon.get("/readyz");
    assert_eq!(status, 200, "{body}");
    assert!(body["data"]["reasons"][0].as_str().unwrap().contains("enabled"), "{body}");
    let request = format!(
        "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(daemon.exchange(&request).0, 409);
    assert_eq!(daemon.get("/api/v1/metrics").1["data"]["total_runs"], 0);
    assert_eq!(daemon.stop().0, Some(0));
}
