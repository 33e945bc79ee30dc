//! What is answered over HTTP, what is refused, and that no client harms
//! another.

use std::io::{Read as _, Write as _};

use super::*;

#[test]
fn everything_can_be_looked_at() {
    let home = Home::new();
    let daemon = Daemon::start(home.serve());
    daemon.wait_for_runs(1);
    for (path, kind) in [
        ("/healthz", "Health"),
        ("/readyz", "Readiness"),
        ("/api/v1/status", "Status"),
        ("/api/v1/metrics", "Metrics"),
        ("/api/v1/runs", "Runs"),
        ("/api/v1/runs?limit=1", "Runs"),
        ("/api/v1/decisions", "Decisions"),
        ("/api/v1/decisions/freight-queue-blue", "Decision"),
        ("/api/v1/orphans", "Orphans"),
        ("/api/v1/strategies", "Strategies"),
        ("/api/v1/config", "Config"),
    ] {
        let (status, body) = daemon.get(path);
        assert_eq!((status, body["kind"].as_str()), (200, Some(kind)), "{path}: {body}");
    }
    let (_, status) = daemon.get("/api/v1/status");
    let data = &status["data"];
    assert_eq!((data["instances_found"].as_u64(), data["instances_synced"].as_u64()), (Some(19), Some(16)));
    assert_eq!(data["last_run"]["outcome"], "complete");
    assert!(data["next_run_at"].is_string(), "{data}");
    let (_, runs) = daemon.get("/api/v1/runs");
    let run = &runs["data"][0];
    let phases: Vec<_> =
        run["phases"].as_array().unwrap().iter().map(|phase| phase["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["scan", "decide", "write", "index"]);
    let (code, page) = daemon.get(&format!("/api/v1/runs/{}", run["run_id"].as_str().unwrap()));
    assert_eq!((code, page["data"]["state"].as_str()), (200, Some("ended")), "{page}");
    assert_eq!(page["data"]["decisions"].as_array().unwrap().len(), 29);
    let (code, text) = daemon.get("/metrics");
    assert_eq!(code, 200);
    assert!(text.as_str().unwrap().contains("\nblacksmith_reconciler_runs_total 1\n"), "{text}");
    let (_, config) = daemon.get("/api/v1/config");
    assert!(!config.to_string().contains(TOKEN), "the token is shown");
    let (_, log) = daemon.stop();
    assert!(!log.contains(TOKEN), "the token is logged");
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_status_and_what_to_do() {
    let home = Home::new();
    let daemon = Daemon::start(home.serve());
    let long = "x".repeat(20_000);
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let json = "Content-Type: application/json\r\n";
    let ask = "POST /api/v1/reconcile";
    for (line, headers, body, status, code) in [
        ("GET /nowhere", "Host: localhost\r\n", "", 404, "unknown-path"),
        ("GET /api/v1/status/", "Host: localhost\r\n", "", 404, "unknown-path"),
        ("GET /../etc/passwd", "Host: localhost\r\n", "", 404, "unknown-path"),
        ("GET /api/v1/runs/%ff", &format!("Host: localhost\r\n{token}"), "", 400, "bad-path"),
        ("GET /api/v1/decisions/%ff", &format!("Host: localhost\r\n{token}"), "", 400, "bad-path"),
        ("DELETE /api/v1/status", &format!("Host: localhost\r\n{token}"), "", 405, "wrong-method"),
        ("GET /api/v1/reconcile", &format!("Host: localhost\r\n{token}"), "", 405, "wrong-method"),
        ("GET /api/v1/status", "Host: evil.example\r\n", "", 421, "wrong-host"),
        ("GET /healthz", "Host: localhost.evil.example:80\r\n", "", 421, "wrong-host"),
        (&format!("GET /{long}"), "Host: localhost\r\n", "", 414, "too-long"),
        ("GET /healthz", "", "", 400, "no-host"),
        ("GET /api/v1/status", "Host: localhost\r\n", "", 401, "bad-token"),
        ("GET /metrics", "Host: localhost\r\n", "", 401, "bad-token"),
        ("GET /api/v1/status", "Host: localhost\r\nAuthorization: Bearer no\r\n", "", 401, "bad-token"),
        (ask, &format!("Host: localhost\r\n{json}"), "{}", 401, "bad-token"),
        (ask, &format!("Host: localhost\r\n{token}"), "{}", 415, "not-json"),
        (ask, &format!("Host: localhost\r\n{token}Content-Type: text/plain\r\n"), "{}", 415, "not-json"),
        (ask, &format!("Host: localhost\r\n{token}{json}"), "{", 400, "bad-body"),
        (ask, &format!("Host: localhost\r\n{token}{json}"), r#"{"full": 1}"#, 400, "bad-body"),
        (ask, &format!("Host: localhost\r\n{token}{json}"), "[]", 400, "bad-body"),
        ("GET /healthz", "Host: localhost\r\nHost: evil.example\r\n", "", 400, "two-hosts"),
        (ask, &format!("Host: localhost\r\n{token}{json}"), &long, 413, "too-large"),
        ("GET /api/v1/runs?limit=many", &format!("Host: localhost\r\n{token}"), "", 400, "bad-query"),
        ("GET /api/v1/runs/none", &format!("Host: localhost\r\n{token}"), "", 404, "unknown-run"),
        ("GET /api/v1/decisions/%2e%2e", &format!("Host: localhost\r\n{token}"), "", 404, ""),
    ] {
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!("{line} HTTP/1.1\r\n{headers}{length}Connection: close\r\n\r\n{body}");
        let (got, answer) = daemon.exchange(&request);
        assert_eq!(got, status, "{line} {headers}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{line}: {answer}"));
        assert_eq!(answer["status"], status, "{line}");
        assert!(answer["error"]["message"].is_string(), "{line}: {answer}");
        assert!(code.is_empty() || answer["error"]["code"] == code, "{line}: {answer}");
    }
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn without_a_token_whoever_is_here_may_look_and_nobody_may_ask_for_a_run() {
    let home = Home::new();
    let mut command = home.serve();
    command.env_remove("BLACKSMITH_RECONCILER_HTTP_TOKEN");
    let daemon = Daemon::start(command);
    let (status, _) =
        daemon.exchange("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 200);
    let (status, body) = daemon.exchange(
        "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    assert_eq!(status, 403, "{body}");
    assert!(body.contains("http.token_file"), "{body}");
}

#[test]
fn slow_and_hanging_clients_harm_nobody() {
    let home = Home::new();
    let daemon = Daemon::start(home.serve());
    // Some say nothing, some stop in the middle of a header, of a body, and some
    // never read what they asked for.
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let beginnings = [
        String::new(),
        "GET /healthz HTT".to_owned(),
        "GET /healthz HTTP/1.1\r\nHost: local".to_owned(),
        format!(
            "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\n{token}Content-Type: application/json\r\n\
             Content-Length: 100\r\n\r\n{{"
        ),
        format!("GET /api/v1/config HTTP/1.1\r\nHost: localhost\r\n{token}\r\n").repeat(50),
    ];
    let mut hanging = Vec::new();
    for number in 0..100 {
        let mut stream = daemon.connect();
        stream.write_all(beginnings[number % beginnings.len()].as_bytes()).unwrap();
        hanging.push(stream);
    }
    let (status, _) = daemon.get("/healthz");
    assert_eq!(status, 200, "others are answered meanwhile");
    let (run_id, _) = daemon.ask_for_run();
    daemon.wait_for(&format!("a run ended run_id=\"{run_id}\""), 1);
    // Who says nothing is shown the door, and who stops in a body is told why.
    let mut silent = hanging.remove(0);
    assert_eq!(silent.read(&mut [0; 64]).unwrap(), 0);
    let mut in_body = hanging.remove(2);
    let (status, body) = answer(&mut in_body);
    assert_eq!(status, 408, "{body}");
    // And none of them holds up the end.
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log}");
}

/// How many clients are connected at one moment.
const SEATS: usize = 256;

/// How many of the connections are closed.
fn closed(connections: &[TcpStream]) -> usize {
    let is_closed = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        match stream.read(&mut [0; 64]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        }
    };
    connections.iter().filter(|stream| is_closed(stream)).count()
}

#[test]
fn who_comes_is_answered_at_once_though_every_seat_is_taken() {
    let home = Home::new();
    let daemon = Daemon::start(home.serve());
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let half = "GET /healthz HTTP/1.1\r\nHost: local".to_owned();
    // Much more than a socket takes in, and nobody reads the answers.
    let unread = format!("GET /api/v1/config HTTP/1.1\r\nHost: localhost\r\n{token}\r\n").repeat(500);
    for beginning in [half, unread] {
        let hanging: Vec<TcpStream> = (0..SEATS)
            .map(|_| {
                let mut stream = daemon.connect();
                stream.set_nonblocking(true).unwrap();
                // As much as goes; whoever was shown the door sends nothing.
                let _ = stream.write(beginning.as_bytes());
                stream
            })
            .collect();
        assert_eq!(daemon.get("/healthz").0, 200);
        // It waited for nobody to be thrown out for being slow.
        let closed = closed(&hanging);
        assert!(closed < SEATS / 2, "{closed} clients had to go before one was answered");
    }
    assert_eq!(daemon.stop().0, Some(0));
}

#[test]
fn the_log_tells_of_who_was_not_let_in_and_not_of_each_try() {
    let home = Home::new();
    let daemon = Daemon::start(home.serve());
    for _ in 0..20 {
        let (status, _) = daemon.exchange(
            "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer MARKER-guess\r\n\
             Connection: close\r\n\r\n",
        );
        assert_eq!(status, 401);
    }
    let line = daemon.wait_for("a request was refused", 1);
    assert!(line.contains("path=\"/api/v1/status\" status=401"), "{line}");
    assert!(line.contains("client=\"127.0.0.1:"), "{line}");
    let (_, log) = daemon.stop();
    assert!(log.matches("a request was refused").count() < 20, "{log}");
    assert!(!log.contains("MARKER-guess"), "{log}");
}

#[test]
fn an_address_that_others_can_reach_needs_tls_and_a_token() {
    let home = Home::new();
    for (variables, says) in [
        (vec![("HTTP_LISTEN", "0.0.0.0:0")], "http.token_file"),
        (vec![("HTTP_LISTEN", "0.0.0.0:0"), ("HTTP_TOKEN", "t")], "http.tls_cert"),
        (vec![("HTTP_LISTEN", "[::]:0"), ("HTTP_TOKEN", "t")], "http.tls_cert"),
        (vec![("HTTP_LISTEN", "localhost")], "127.0.0.1:9180"),
        (vec![("RETRY_DELAY", "1s"), ("STRATEGIES", "nobody")], "nobody"),
        (vec![("HTTP_LISTEN", "127.0.0.1:0"), ("HTTP_TLS_CERT", "x.pem")], "only one is given"),
        (vec![("HTTP_LISTEN", "127.0.0.1:0"), ("HTTP_TOKEN_FILE", "none")], "cannot read none"),
    ] {
        let mut command = home.command(&["serve", "--fleet", "fleet"]);
        for (name, value) in &variables {
            command.env(format!("BLACKSMITH_RECONCILER_{name}"), value);
        }
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{variables:?}: {stderr}");
        assert!(stderr.contains(says), "{variables:?}: {stderr}");
    }
}
