//! SIGHUP and edited scripts: taken over as a whole, or not at all.

use super::*;

/// A daemon with a configuration file and a folder of scripts.
fn start(home: &Home, configuration: &str) -> Daemon {
    std::fs::write(home.path("blacksmith.conf"), configuration).unwrap();
    let mut command = home.serve();
    command.args(["--config", "blacksmith.conf"]);
    Daemon::start(command)
}

const SCRIPT: &str = include_str!("../../../scripts/company-naming.rhai");

fn setting(daemon: &Daemon, key: &str) -> Value {
    let (_, config) = daemon.get("/api/v1/config");
    let rows = config["data"].as_array().unwrap();
    rows.iter().find(|row| row["key"] == key).unwrap()["value"].clone()
}

#[test]
fn sighup_takes_over_what_is_right_and_leaves_all_as_it_was_for_what_is_wrong() {
    let home = Home::new();
    let daemon = start(&home, "reconciler: {interval: 2h}");
    assert_eq!(setting(&daemon, "interval"), "2h");
    std::fs::write(home.path("blacksmith.conf"), "reconciler: {interval: 3h, batch_size: 7}").unwrap();
    daemon.signal("HUP");
    daemon.wait_for("were read again", 1);
    assert_eq!((setting(&daemon, "interval"), setting(&daemon, "batch_size")), ("3h".into(), "7".into()));
    std::fs::write(home.path("blacksmith.conf"), "reconciler: {interval: soon, batch_size: 9}").unwrap();
    daemon.signal("HUP");
    daemon.wait_for("stay as they were", 1);
    assert_eq!((setting(&daemon, "interval"), setting(&daemon, "batch_size")), ("3h".into(), "7".into()));
    let (_, status) = daemon.get("/api/v1/status");
    let why = status["data"]["refused_configuration"].as_str().unwrap();
    assert!(why.contains("blacksmith.conf:1") && why.contains("interval"), "{why}");
    // It goes on with what it has.
    daemon.signal("USR1");
    daemon.wait_for("trigger=\"forced\" outcome=\"complete\"", 1);
    std::fs::write(home.path("blacksmith.conf"), "reconciler: {interval: 4h}").unwrap();
    daemon.signal("HUP");
    daemon.wait_for("were read again", 2);
    let (_, status) = daemon.get("/api/v1/status");
    assert_eq!(status["data"]["refused_configuration"], Value::Null);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn sighup_switches_runs_off_and_on() {
    let home = Home::new();
    let daemon = start(&home, "reconciler: {enabled: false}");
    std::fs::write(home.path("blacksmith.conf"), "reconciler: {enabled: true}").unwrap();
    daemon.signal("HUP");
    daemon.wait_for_runs(1);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn an_edited_script_is_taken_over_and_a_broken_one_is_not() {
    let home = Home::new();
    std::fs::create_dir(home.path("scripts")).unwrap();
    let daemon = start(&home, "reconciler: {scripts: {paths: [scripts]}}");
    daemon.wait_for_runs(1);
    let file = home.path("scripts/company-naming.rhai");
    std::fs::write(&file, SCRIPT).unwrap();
    daemon.wait_for("scripts changed: the next run uses them", 1);
    std::fs::write(&file, format!("{SCRIPT}\nfn broken( {{")).unwrap();
    let line = daemon.wait_for("are not taken over", 1);
    assert!(line.contains("company-naming.rhai:"), "each problem is a line with its place: {line}");
    let (_, status) = daemon.get("/api/v1/status");
    let why = status["data"]["refused_scripts"].as_str().unwrap();
    assert!(why.contains("company-naming.rhai"), "{why}");
    // Every line of the log begins with its time, whoever reads it by lines.
    daemon.signal("HUP");
    daemon.wait_for("stay as they were", 1);
    let is_whole = |line: &str| line.starts_with("20");
    assert!(daemon.log().lines().all(is_whole), "{}", daemon.log());
    let (_, metrics) = daemon.get("/metrics");
    let refused = "blacksmith_reconciler_reloads_total{of=\"scripts\",result=\"refused\"} 1";
    assert!(metrics.as_str().unwrap().contains(refused), "{metrics}");
    let (_, before) = daemon.get("/api/v1/decisions");
    daemon.signal("USR1");
    daemon.wait_for("trigger=\"forced\" outcome=\"complete\"", 1);
    let (_, after) = daemon.get("/api/v1/decisions");
    assert_ne!(before["data"]["chain"], after["data"]["chain"], "the last good set decides");
    std::fs::write(&file, SCRIPT).unwrap();
    // Back to what is in use: nothing to take over, nothing to complain of.
    let deadline = std::time::Instant::now() + PATIENCE;
    while daemon.get("/api/v1/status").1["data"]["refused_scripts"] != Value::Null {
        assert!(std::time::Instant::now() < deadline, "{}", daemon.log());
        std::thread::yield_now();
    }
    assert_eq!(daemon.stop().0, Some(0));
}

/// A chain that names a script: with the script gone, no engine can be built.
#[test]
fn scripts_that_no_chain_can_be_built_from_are_not_taken_over() {
    let home = Home::new();
    std::fs::create_dir(home.path("scripts")).unwrap();
    let file = home.path("scripts/company-naming.rhai");
    std::fs::write(&file, SCRIPT).unwrap();
    let id = "script:company-naming";
    let daemon =
        start(&home, "reconciler: {scripts: {paths: [scripts]}, strategies: ['script:company-naming']}");
    daemon.wait_for_runs(1);
    // A script that is right in itself, but not the one that the chain names.
    let renamed = SCRIPT.replace("id: \"company-naming\"", "id: \"another-name\"");
    std::fs::write(home.path("scripts/another-name.rhai"), renamed).unwrap();
    std::fs::remove_file(&file).unwrap();
    daemon.wait_for("are not taken over", 1);
    let (_, status) = daemon.get("/api/v1/status");
    assert!(status["data"]["refused_scripts"].as_str().unwrap().contains(id), "{status}");
    daemon.signal("USR1");
    daemon.wait_for_runs(2);
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn keys_that_are_read_at_the_start_stay_as_they_are_and_the_log_says_so() {
    let home = Home::new();
    let daemon = start(&home, "reconciler: {log: {level: info}, interval: 2h}");
    std::fs::write(home.path("blacksmith.conf"), "reconciler: {log: {level: error}, interval: 3h}").unwrap();
    daemon.signal("HUP");
    daemon.wait_for("`log.level` changed, which takes a restart", 1);
    daemon.wait_for("were read again", 1);
    assert_eq!((setting(&daemon, "log.level"), setting(&daemon, "interval")), ("info".into(), "3h".into()));
    assert_eq!(daemon.stop().0, Some(0));
}
