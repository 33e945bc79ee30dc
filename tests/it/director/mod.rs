//! The program against a fake Director and a fake broker: what it asks, what it
//! says, and what it does when something goes wrong.

mod capture;
mod faults;
mod interruption;
mod knowledge;
mod requests;
mod secrets;
mod sources;

use std::path::PathBuf;
use std::process::{Command, Output};

use reconciler_tests::broker::{BrokerState, FakeBroker};
use reconciler_tests::director::{DirectorState, FakeDirector};
use tempfile::TempDir;

const CLIENT_SECRET: &str = "MARKER-client-secret";
const BROKER_PASSWORD: &str = "MARKER-broker-password";

/// The deployment of that number: an instance of plan `redis-small`, by its
/// name and by its manifest.
fn name(number: usize) -> String {
    format!("redis-small-{}", instance(number))
}

fn instance(number: usize) -> String {
    format!("{number:08x}-2fa1-41d2-883f-0016d3cca427")
}

fn manifest(number: usize) -> String {
    format!(
        "name: {}\nmeta:\n  params:\n    instance_id: {}\n  password: MARKER-in-manifest\n\
         properties:\n  note: {}\n",
        name(number),
        instance(number),
        "some words that make the answer long enough to be packed ".repeat(30)
    )
}

/// A Director with a UAA and so many deployments.
fn director(deployments: usize) -> DirectorState {
    let state = DirectorState::default().client("reader", CLIENT_SECRET, &["bosh.read"]);
    (0..deployments).fold(state, |state, number| state.deployment(&name(number), &manifest(number)))
}

/// A Director, a broker, and a folder for what the program keeps.
pub(crate) struct Scene {
    pub(crate) director: FakeDirector,
    pub(crate) broker: FakeBroker,
    folder: TempDir,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Scene {
    pub(crate) fn new(deployments: usize) -> Self {
        Self::of(director(deployments))
    }

    fn of(state: DirectorState) -> Self {
        let broker = BrokerState {
            password: BROKER_PASSWORD.to_owned(),
            ..BrokerState::offering(&[("redis", &["small"])])
        };
        Self {
            director: FakeDirector::start(state),
            broker: FakeBroker::start(broker),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in this scene's environment and no other; no time is spent
    /// on waiting between tries.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reconciler"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("BOSH_ENVIRONMENT", self.director.address())
            .env("BOSH_CLIENT", "reader")
            .env("BOSH_CLIENT_SECRET", CLIENT_SECRET)
            .env("BLACKSMITH_URL", self.broker.address())
            .env("BLACKSMITH_USERNAME", "blacksmith")
            .env("BLACKSMITH_PASSWORD", BROKER_PASSWORD)
            .env("BLACKSMITH_RECONCILER_STORE_PATH", self.file("store.db"))
            .env("BLACKSMITH_RECONCILER_STATE_PATH", self.file("state.db"))
            .env("BLACKSMITH_RECONCILER_DIRECTOR_REQUESTS_PER_SECOND", "0")
            .env("BLACKSMITH_RECONCILER_DIRECTOR_RETRY_DELAY", "1ms")
            .env("BLACKSMITH_RECONCILER_CATALOG_TRIES", "1")
            .env("BLACKSMITH_RECONCILER_RETRY_ATTEMPTS", "0")
            .env("BLACKSMITH_RECONCILER_RETRY_DELAY", "1ms");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }
}
