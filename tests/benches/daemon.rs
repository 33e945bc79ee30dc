//! Whether looking at the daemon slows its runs: 1,000 requests a second on
//! `/metrics` and `/api/v1/status` while it runs, as a ratio to runs without.
//!
//! `cargo bench --bench daemon`; `-- 400 9` makes nine runs each over 400
//! deployments.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reconciler_tests::broker::{BrokerState, FakeBroker};
use reconciler_tests::director::{DirectorState, FakeDirector};

/// Requests a second, by so many clients.
const RATE: u32 = 1_000;
const CLIENTS: u32 = 4;
const TOKEN: &str = "bench";

fn director(deployments: usize) -> DirectorState {
    let state = DirectorState::default().client("reader", "secret", &["bosh.read"]);
    (0..deployments).fold(state, |state, number| {
        let id = format!("{number:08x}-2fa1-41d2-883f-0016d3cca427");
        let manifest = format!("meta: {{params: {{instance_id: {id}}}}}\nnote: {}\n", "words ".repeat(1_500));
        state.deployment(&format!("redis-small-{id}"), &manifest)
    })
}

/// One client: requests at its share of the rate until it is told to end.
fn load(address: &str, end: &AtomicBool, made: &AtomicUsize) {
    let mut stream = TcpStream::connect(address).expect("a daemon");
    stream.set_nodelay(true).expect("a socket");
    let pause = Duration::from_secs(1) * CLIENTS / RATE;
    let mut next = Instant::now();
    for number in 0_usize.. {
        if end.load(Ordering::Relaxed) {
            return;
        }
        let path = if number.is_multiple_of(2) { "/metrics" } else { "/api/v1/status" };
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("an open connection");
        read_answer(&mut stream);
        made.fetch_add(1, Ordering::Relaxed);
        next += pause;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Reads one answer to its end.
fn read_answer(stream: &mut TcpStream) {
    let (mut answer, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = stream.read(&mut chunk).expect("an answer");
        assert!(read > 0, "the daemon hung up");
        answer.extend_from_slice(&chunk[..read]);
        let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]);
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if answer.len() >= end + 4 + length.expect("a length") {
            return;
        }
    }
}

/// Has a run made; how long it took by the daemon's own account, in seconds.
fn run(address: &str, log: &mut impl BufRead) -> f64 {
    let mut stream = TcpStream::connect(address).expect("a daemon");
    let request = format!(
        "POST /api/v1/reconcile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).expect("an open connection");
    let line = wait_for(log, "a run ended");
    let seconds = line.split("seconds=").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    seconds.expect("a duration in the line of a run")
}

fn wait_for(log: &mut impl BufRead, text: &str) -> String {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(log.read_line(&mut line).expect("a log") > 0, "the daemon ended before {text:?}");
    }
    line
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it found")]
fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let (deployments, runs) = (numbers.next().unwrap_or(400), numbers.next().unwrap_or(9));
    let fake = FakeDirector::start(director(deployments));
    let broker = BrokerState { password: "p".to_owned(), ..BrokerState::offering(&[("redis", &["small"])]) };
    let broker = FakeBroker::start(broker);
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_reconciler"))
        .args(["serve", "--interval", "24h", "--listen", "127.0.0.1:0"])
        .env_clear()
        .env("BOSH_ENVIRONMENT", fake.address())
        .env("BOSH_CLIENT", "reader")
        .env("BOSH_CLIENT_SECRET", "secret")
        .env("BLACKSMITH_URL", broker.address())
        .env("BLACKSMITH_USERNAME", "blacksmith")
        .env("BLACKSMITH_PASSWORD", "p")
        .env("BLACKSMITH_RECONCILER_DIRECTOR_REQUESTS_PER_SECOND", "0")
        .env("BLACKSMITH_RECONCILER_HTTP_TOKEN", TOKEN)
        .env("BLACKSMITH_RECONCILER_STORE_PATH", folder.path().join("store.db"))
        .env("BLACKSMITH_RECONCILER_STATE_PATH", folder.path().join("state.db"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
    let _daemon = Daemon(child);
    let line = wait_for(&mut log, "answering at http://");
    let after = line.split("answering at http://").nth(1).unwrap_or_default();
    let address: String =
        after.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect();
    wait_for(&mut log, "a run ended");

    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
    let (mut made, mut took) = (0, Duration::ZERO);
    // In turn, so that whatever else the machine does meets both alike.
    for _ in 0..runs {
        quiet.push(run(&address, &mut log));
        let (end, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| load(&address, &end, &count));
            }
            busy.push(run(&address, &mut log));
            took += start.elapsed();
            made += count.load(Ordering::Relaxed);
            end.store(true, Ordering::Relaxed);
        });
    }
    let (quiet, busy) = (median(quiet), median(busy));
    println!(
        "{runs} runs over {deployments} deployments: {quiet:.3} s, and {busy:.3} s under {:.0} requests a second: \
         ratio {:.3}",
        made as f64 / took.as_secs_f64(),
        busy / quiet
    );
}
