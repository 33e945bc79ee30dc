//! What systemd is told, and what the log looks like.

use std::os::unix::net::UnixDatagram;

use super::*;

/// Reads datagrams until one holds a text; gives all of them.
#[track_caller]
fn heard(socket: &UnixDatagram, text: &str) -> String {
    let mut all = String::new();
    let mut buffer = [0; 4096];
    while !all.contains(text) {
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}; heard: {all}"));
        all.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        all.push('\n');
    }
    all
}

#[test]
fn systemd_is_told_of_readiness_life_and_the_end() {
    let home = Home::new();
    let path = home.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = home.serve();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000");
    let daemon = Daemon::start(command);
    heard(&socket, "READY=1");
    heard(&socket, "STATUS=the last run was complete: 29 deployments");
    for _ in 0..3 {
        heard(&socket, "WATCHDOG=1");
    }
    daemon.signal("TERM");
    // Longer than the unit's own limit may be: the grace of a run, and some more.
    assert!(heard(&socket, "STOPPING=1").contains("EXTEND_TIMEOUT_USEC=40000000"));
    assert_eq!(daemon.ended().0, Some(0));
}

#[test]
fn every_line_of_a_json_log_is_a_document_and_every_change_has_one_with_its_run() {
    let home = Home::new();
    let mut command = home.serve();
    command.args(["--log-format", "json"]);
    let daemon = Daemon::start(command);
    daemon.wait_for_runs(1);
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let run = lines.iter().find(|line| line["message"] == "a run ended").unwrap();
    let audited: Vec<&Value> = lines.iter().filter(|line| line["target"] == "audit").collect();
    let expected = run["writes"].as_u64().unwrap() + run["backups"].as_u64().unwrap();
    assert_eq!(audited.len() as u64, expected, "each write has its line");
    for line in audited {
        assert_eq!(line["span"]["run_id"], run["run_id"], "{line}");
        assert!(line["path"].is_string() && line["before"].is_u64() && line["after"].is_u64(), "{line}");
    }
}

#[test]
fn a_start_that_cannot_work_says_whether_another_may() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let home = Home::new();
    for (arguments, listen, code, words) in [
        (&["serve"][..], "127.0.0.1:0", 1, "nothing says what to look at"),
        (&["serve", "--environment", "127.0.0.1"], "127.0.0.1:0", 1, "no store for its records"),
        (&["serve", "--fleet", "fleet"], taken.as_str(), 2, "failed to listen at 127.0.0.1"),
        (&["serve", "--fleet", "fleet"], "192.0.2.1:9180", 1, "no TLS or no token"),
    ] {
        let mut command = home.command(arguments);
        command.env("BLACKSMITH_RECONCILER_HTTP_LISTEN", listen);
        let output = command.output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {log}");
        assert!(log.contains(words), "{arguments:?}: {log}");
    }
}
