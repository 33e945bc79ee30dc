//! A server's process: started on a free loopback port with integrated storage
//! in a folder of its own, killed, started again, and ended with the test.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::admin::{Admin, call};

/// How often another port is tried: between choosing a free one and listening
/// there somebody else may take it.
const PORTS: usize = 5;
/// How often a server is asked whether it is ready, and how long in between.
pub(super) const POLLS: usize = 1_500;
pub(super) const POLL: Duration = Duration::from_millis(20);

/// A server's process with its data.
#[derive(Debug)]
pub(super) struct ServerProcess {
    program: PathBuf,
    folder: TempDir,
    address: String,
    unseal_key: String,
    running: Option<Running>,
}

/// The process, and the one that ends it if the test's process ends first.
#[derive(Debug)]
struct Running {
    server: Child,
    guardian: Child,
}

impl ServerProcess {
    /// Starts one, initialises and unseals it.
    pub(super) fn start(program: &Path) -> (Self, Admin) {
        for _ in 0..PORTS {
            let folder = tempfile::tempdir().expect("a folder");
            let address = configure(folder.path());
            let mut process = Self {
                program: program.to_owned(),
                folder,
                address,
                unseal_key: String::new(),
                running: None,
            };
            if process.spawn() {
                let token = process.initialise();
                process.unseal();
                let admin = Admin::new(&process.address, &token);
                return (process, admin);
            }
        }
        panic!("{} ends at once on each of {PORTS} ports", program.display());
    }

    /// Ends it by SIGKILL.
    pub(super) fn kill(&mut self) {
        drop(self.running.take());
    }

    /// Starts it again on its own data.
    pub(super) fn restart(&mut self) {
        assert!(self.spawn(), "the server ends at once: {}", self.log());
        self.unseal();
    }

    /// Starts the process and waits until it answers; whether it did.
    fn spawn(&mut self) -> bool {
        let log = File::create(self.log_path()).expect("a log");
        let server = Command::new(&self.program)
            .arg("server")
            .arg(format!("-config={}", self.folder.path().join("server.hcl").display()))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.program.display()));
        self.running = Some(Running::guarded(server));
        for _ in 0..POLLS {
            let running = self.running.as_mut().expect("it was just started");
            if running.server.try_wait().expect("our own child").is_some() {
                self.running = None;
                return false;
            }
            if self.health().is_some() {
                return true;
            }
            std::thread::sleep(POLL);
        }
        panic!("the server does not answer: {}", self.log());
    }

    fn initialise(&mut self) -> String {
        let body = json!({"secret_shares": 1, "secret_threshold": 1});
        let (status, answer) = self.ask("PUT", "sys/init", &body);
        assert_eq!(status, 200, "{answer}");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        self.unseal_key = text(&answer["keys_base64"][0]);
        text(&answer["root_token"])
    }

    /// Unseals it and waits until it is the active node.
    fn unseal(&self) {
        let (status, answer) = self.ask("PUT", "sys/unseal", &json!({"key": self.unseal_key}));
        assert_eq!(status, 200, "{answer}");
        for _ in 0..POLLS {
            if self.health() == Some(200) {
                return;
            }
            std::thread::sleep(POLL);
        }
        panic!("the server does not become active: {}", self.log());
    }

    fn health(&self) -> Option<u16> {
        call(&self.address, None, "GET", "sys/health", &Value::Null).ok().map(|(status, _)| status)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = call(&self.address, None, method, path, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}: {}", self.log()))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

impl Running {
    /// Puts a process beside the server that kills it when our end of the pipe
    /// is gone: that also happens when the tests are killed themselves.
    fn guarded(mut server: Child) -> Self {
        let guardian = Command::new("sh")
            .args(["-c", r#"read -r _; kill -9 "$0""#, &server.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match guardian {
            Ok(guardian) => Self { server, guardian },
            Err(error) => {
                let _ended = server.kill();
                let _status = server.wait();
                panic!("no shell to guard the server: {error}");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The guardian first: once the server is waited for, its number may
        // become somebody else's.
        for child in [&mut self.guardian, &mut self.server] {
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

/// Writes a configuration for a free port; gives the address.
fn configure(folder: &Path) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    let address = listener.local_addr().expect("a bound listener");
    let data = folder.join("raft");
    std::fs::create_dir(&data).expect("a folder for the data");
    let text = format!(
        r#"
storage "raft" {{
  path = "{}"
  node_id = "test"
  performance_multiplier = 1
}}
listener "tcp" {{
  address = "{address}"
  cluster_address = "127.0.0.1:0"
  tls_disable = true
  # OpenBao's default would end an index at about 40 entries.
  max_request_json_strings = -1
}}
api_addr = "http://{address}"
# No other node joins: nobody has to reach it.
cluster_addr = "http://127.0.0.1:1"
disable_mlock = true
"#,
        data.display()
    );
    std::fs::write(folder.join("server.hcl"), text).expect("a configuration");
    format!("http://{address}")
}
