//! The daemon as a program: signals, HTTP, reload, and what it survives.

mod http;
mod interruption;
mod journal;
mod reload;
mod remote;
mod service;
mod signals;
mod soak;
mod tls;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use reconciler_tests::fleets;
use serde_json::Value;
use tempfile::TempDir;

/// The token of these daemons.
const TOKEN: &str = "MARKER-http-token";
/// Nothing here takes as long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder for what a daemon on the demo fleet keeps and is told.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fleets::copy(&fleets::demo(), &home.path("fleet")).unwrap();
        home
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// The program in an environment of its own.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconciler"));
        command.args(arguments).env_clear().env("HOME", self.0.path()).current_dir(self.0.path());
        command
    }

    /// `serve` on the demo fleet, at a free port, with a token.
    fn serve(&self) -> Command {
        let mut command = self.command(&["serve", "--fleet", "fleet"]);
        command.env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN);
        at_a_free_port(&mut command);
        command
    }
}

fn at_a_free_port(command: &mut Command) {
    command.env("BLACKSMITH_RECONCILER_HTTP_LISTEN", "127.0.0.1:0");
}

/// The lines of a daemon's log, as they come.
#[derive(Default)]
struct Log {
    lines: Mutex<(Vec<String>, bool)>,
    more: Condvar,
}

/// A daemon at work. It is killed if a test gives up on it.
struct Daemon {
    child: Child,
    log: Arc<Log>,
    address: String,
}

impl Daemon {
    /// Starts it, and waits until it answers.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Log::default());
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                kept.lines.lock().unwrap().0.push(line);
                kept.more.notify_all();
            }
            kept.lines.lock().unwrap().1 = true;
            kept.more.notify_all();
        });
        let mut daemon = Self { child, log, address: String::new() };
        let line = daemon.wait_for("answering at http", 1);
        let after = line.split("://").nth(1).unwrap();
        daemon.address = after.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect();
        daemon
    }

    /// Waits until so many lines of the log hold a text; gives the last of them.
    #[track_caller]
    fn wait_for(&self, text: &str, count: usize) -> String {
        let mut lines = self.log.lines.lock().unwrap();
        loop {
            if let Some(line) = lines.0.iter().filter(|line| line.contains(text)).nth(count - 1) {
                return line.clone();
            }
            assert!(!lines.1, "it ended without {count} × {text:?}:\n{}", lines.0.join("\n"));
            let (next, waited) = self.log.more.wait_timeout(lines, PATIENCE).unwrap();
            assert!(!waited.timed_out(), "no {count} × {text:?}:\n{}", next.0.join("\n"));
            lines = next;
        }
    }

    fn log(&self) -> String {
        self.log.lines.lock().unwrap().0.join("\n")
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end: the exit code and the log.
    #[track_caller]
    fn ended(mut self) -> (Option<i32>, String) {
        let mut lines = self.log.lines.lock().unwrap();
        while !lines.1 {
            let (next, waited) = self.log.more.wait_timeout(lines, PATIENCE).unwrap();
            assert!(!waited.timed_out(), "it does not end:\n{}", next.0.join("\n"));
            lines = next;
        }
        drop(lines);
        let code = self.child.wait().unwrap().code();
        (code, self.log())
    }

    /// Stops it, and waits for its end.
    #[track_caller]
    fn stop(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.ended()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request as it is written, and gives status and body.
    #[track_caller]
    fn exchange(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        // It may be refused before it was sent as a whole.
        let _ = stream.write_all(request.as_bytes());
        answer(&mut stream)
    }

    /// Asks with the token.
    #[track_caller]
    fn get(&self, path: &str) -> (u16, Value) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n",
            self.address
        );
        let (status, body) = self.exchange(&request);
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// Asks for a run, and gives its id and whether another had asked already.
    #[track_caller]
    fn ask_for_run(&self) -> (String, bool) {
        let request = format!(
            "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        );
        let (status, body) = self.exchange(&request);
        assert_eq!(status, 202, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let data = &body["data"];
        (data["run_id"].as_str().unwrap().to_owned(), data["joined"].as_bool().unwrap())
    }

    /// Waits until so many runs have ended.
    fn wait_for_runs(&self, count: usize) {
        self.wait_for("a run ended", count);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads an answer to its end.
#[track_caller]
fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // A reset after the answer is no matter.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}
