//! A real Vault or OpenBao for tests: one that somebody names, or one that is
//! started here and ends with the test.
//!
//! | variable | meaning |
//! |---|---|
//! | `RECONCILER_TEST_VAULT_ADDR`, `RECONCILER_TEST_VAULT_TOKEN` | a server to use, with a token that may mount engines and make tokens and policies |
//! | `RECONCILER_TEST_BAO` | a server's program to start; else `bao` or `vault` on the `PATH` |
//! | `RECONCILER_TEST_REQUIRE_VAULT` | `1`: that there is none is a failure |
//!
//! A named server gets an engine of its own, which is removed again. What would
//! harm a server (killing it, sealing it) is done only to one started here.

mod admin;
mod process;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Once;

pub use self::admin::{Admin, RealRole};
use self::process::ServerProcess;

/// A real server with an empty KV v2.
#[derive(Debug)]
pub struct RealVault {
    admin: Admin,
    mount: String,
    process: Option<ServerProcess>,
}

impl RealVault {
    /// The server to test with; nothing, after saying so once, if there is none.
    ///
    /// # Panics
    /// If there is none and there has to be one, or if it does not work.
    #[must_use]
    pub fn find() -> Option<Self> {
        match (variable("RECONCILER_TEST_VAULT_ADDR"), variable("RECONCILER_TEST_VAULT_TOKEN")) {
            (Some(address), Some(token)) => Some(Self::named(&address, &token)),
            (Some(_), None) => {
                panic!("RECONCILER_TEST_VAULT_ADDR needs RECONCILER_TEST_VAULT_TOKEN beside it")
            }
            (None, _) => Self::start(),
        }
    }

    /// A server of the test's own, which may be killed and sealed; nothing,
    /// after saying so once, if there is no program for it.
    ///
    /// # Panics
    /// If there is none and there has to be one, or if it does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            skip();
            return None;
        };
        let (process, admin) = ServerProcess::start(&program);
        let mount = "secret".to_owned();
        admin.mount(&mount, 2);
        Some(Self { admin, mount, process: Some(process) })
    }

    fn named(address: &str, token: &str) -> Self {
        let admin = Admin::new(address, token);
        let mount = format!("reconciler-tests-{}", unique());
        admin.mount(&mount, 2);
        Self { admin, mount, process: None }
    }

    /// Its address, as `VAULT_ADDR` holds it.
    #[must_use]
    pub fn address(&self) -> &str {
        self.admin.address()
    }

    /// A token that may do everything.
    #[must_use]
    pub fn token(&self) -> &str {
        self.admin.token()
    }

    /// The mount of the KV v2.
    #[must_use]
    pub fn mount(&self) -> &str {
        &self.mount
    }

    /// What an operator can do to it.
    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Ends it by SIGKILL, as a crash would.
    ///
    /// # Panics
    /// If it was not started here.
    pub fn kill(&mut self) {
        self.process.as_mut().expect("only a server that was started here is killed").kill();
    }

    /// Starts it again on its own data and at its own address, and unseals it.
    ///
    /// # Panics
    /// If it was not started here, or does not start.
    pub fn restart(&mut self) {
        self.process.as_mut().expect("only a server that was started here is restarted").restart();
    }
}

impl Drop for RealVault {
    fn drop(&mut self) {
        if self.process.is_none() {
            self.admin.unmount(&self.mount);
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The program of a server.
fn program() -> Option<PathBuf> {
    if let Some(named) = variable("RECONCILER_TEST_BAO") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let places =
        ["bao", "vault"].into_iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|program| program.is_file())
}

/// Says once what was skipped, past the capturing of a passing test's output.
fn skip() {
    let required = variable("RECONCILER_TEST_REQUIRE_VAULT").is_some_and(|value| value == "1");
    assert!(
        !required,
        "RECONCILER_TEST_REQUIRE_VAULT is set and there is no server: name a program by RECONCILER_TEST_BAO"
    );
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let line = "skipped: the tests against a real Vault; put `bao` or `vault` on the PATH, or name a server by \
                    RECONCILER_TEST_VAULT_ADDR and RECONCILER_TEST_VAULT_TOKEN\n";
        let _written = std::io::stderr().write_all(line.as_bytes());
    });
}

/// A name that no other run has used.
fn unique() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    format!("{}-{nanos}", std::process::id())
}
