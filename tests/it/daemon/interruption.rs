//! SIGTERM at many moments of a run: it ends within its grace, leaves what is
//! consistent, and the next run finishes.

use std::time::Instant;

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::ports::SecretStore as _;
use reconciler_tests::vault::{FakeVault, ROOT_TOKEN};

use super::*;
use crate::director::{Ended, Scene};

/// How many deployments there are; each takes three requests and more writes.
const DEPLOYMENTS: usize = 6;
/// What the daemon is given to end.
const GRACE: Duration = Duration::from_secs(10);

/// A moment: after so many requests of the Director, or so many changes.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Requests(u64),
    Changes(usize),
}

/// Moments drawn from a seed, spread over all of a run.
fn moments(count: usize, seed: u64) -> Vec<Moment> {
    let mut state = seed;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let changes = (DEPLOYMENTS * 3 + 1) as u64;
    (0..count)
        .map(|number| match number % 3 {
            0 => Moment::Requests(draw(DEPLOYMENTS as u64 + 4)),
            _ => Moment::Changes(usize::try_from(draw(changes)).unwrap()),
        })
        .collect()
}

/// Where the records are.
enum Records {
    Embedded,
    Vault(Box<FakeVault>),
}

/// A Director with its broker, and the records.
struct Stage {
    scene: Scene,
    records: Records,
}

impl Stage {
    fn embedded() -> Self {
        Self { scene: Scene::new(DEPLOYMENTS), records: Records::Embedded }
    }

    fn vault() -> Self {
        Self { scene: Scene::new(DEPLOYMENTS), records: Records::Vault(Box::new(FakeVault::plain())) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.scene.command(arguments);
        if let Records::Vault(vault) = &self.records {
            command
                .env("BLACKSMITH_RECONCILER_STORE_PATH", "vault")
                .env("VAULT_ADDR", vault.address())
                .env("VAULT_TOKEN", ROOT_TOKEN);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Every secret with how often it was written, archives left out: times and
    /// run ids differ anyhow, and so does which archives there are.
    async fn written(&self) -> Vec<(String, u64)> {
        let mut written = match &self.records {
            Records::Embedded => embedded(&self.scene).await,
            Records::Vault(vault) => {
                vault.paths().into_iter().map(|path| (path.clone(), vault.version(&path))).collect()
            }
        };
        written.retain(|(path, _)| path != "db" && !path.contains("/backups/"));
        written.sort();
        written
    }
}

async fn embedded(scene: &Scene) -> Vec<(String, u64)> {
    let store = SqliteStore::open(scene.file("store.db")).unwrap();
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for name in store.list(folder.trim_end_matches('/')).await.unwrap() {
            let path = format!("{folder}{name}");
            if name.ends_with('/') {
                folders.push(path);
            } else {
                found.push((path.clone(), store.read(&path).await.unwrap().version().0));
            }
        }
    }
    found
}

fn interrupt(stage: &Stage, moment: Moment) {
    let mut command = stage.command(&["serve"]);
    command.env("BLACKSMITH_RECONCILER_SHUTDOWN_TIMEOUT", format!("{}s", GRACE.as_secs()));
    at_a_free_port(&mut command);
    let daemon = Daemon::start(command);
    match moment {
        Moment::Requests(count) => {
            while stage.scene.director.counters().director() < count {
                std::thread::yield_now();
            }
        }
        // The run may be over before, if it had less to do.
        Moment::Changes(count) => {
            let reached =
                |log: &str| log.matches("audit: wrote").count() >= count || log.contains("a run ended");
            while !reached(&daemon.log()) {
                std::thread::yield_now();
            }
        }
    }
    let asked = Instant::now();
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{moment:?}: {log}");
    assert!(asked.elapsed() < GRACE, "{moment:?}: it took {:?}", asked.elapsed());
}

async fn holds(stage: impl Fn() -> Stage, count: usize, seed: u64) {
    let reference = stage();
    assert_eq!(reference.run(&["run"]).code, Some(0));
    let expected = reference.written().await;
    assert!(expected.len() >= DEPLOYMENTS, "{expected:?}");
    for moment in moments(count, seed) {
        let stage = stage();
        interrupt(&stage, moment);
        let next = stage.run(&["run", "--json"]);
        assert_eq!(next.code, Some(0), "{moment:?}: {next:?}");
        // As without an interruption, and nothing was written twice.
        assert_eq!(stage.written().await, expected, "{moment:?}");
        let unchanged = stage.run(&["run", "--json"]);
        assert_eq!(unchanged.json()["data"]["counts"]["writes"], 0, "{moment:?}: {unchanged:?}");
    }
}

#[tokio::test]
async fn sigterm_at_25_moments_of_a_run_leaves_what_the_next_run_finishes() {
    holds(Stage::embedded, 25, 1).await;
}

#[tokio::test]
async fn sigterm_at_25_other_moments_of_a_run_leaves_what_the_next_run_finishes() {
    holds(Stage::vault, 25, 2).await;
}
