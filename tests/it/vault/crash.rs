//! A real server that is killed in the middle of writing and started again:
//! what it acknowledged is there.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reconciler_core::adapters::http::RetrySettings;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, PortErrorKind, SecretStore, Slot, Version};
use reconciler_tests::contract::secret_store::check_no_increment_is_lost;
use reconciler_tests::real_vault::RealVault;
use tokio::sync::watch;

use super::{open, real_settings};

/// After so many acknowledged writes the server is killed.
const KILLS: [usize; 2] = [300, 900];
/// Writers of secrets of their own, and how many each writes.
const WRITERS: usize = 4;
const WRITES: usize = 200;
/// How many failures one write bears.
const FAILURES: usize = 50;

/// A store whose failures are answered when the server is up again, and which
/// keeps what was acknowledged.
#[derive(Debug)]
struct Witness {
    store: Arc<dyn SecretStore>,
    up: watch::Receiver<bool>,
    acknowledged: Mutex<Vec<(String, Version, JsonObject)>>,
    count: watch::Sender<usize>,
}

impl Witness {
    async fn answered<T>(&self, outcome: Result<T, PortError>) -> Result<T, PortError> {
        if outcome.is_err() {
            self.up.clone().wait_for(|up| *up).await.unwrap();
        }
        outcome
    }
}

#[async_trait]
impl SecretStore for Witness {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        let outcome = self.store.read(path).await;
        self.answered(outcome).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        let outcome = self.store.write(path, data, expected).await;
        let version = self.answered(outcome).await?;
        let count = {
            let mut acknowledged = self.acknowledged.lock().unwrap();
            acknowledged.push((path.to_owned(), version, data.clone()));
            acknowledged.len()
        };
        self.count.send_replace(count);
        Ok(version)
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.store.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        self.store.delete(path).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        self.store.purge(path).await
    }

    fn address(&self) -> String {
        self.store.address()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_writing_keeps_what_it_acknowledged() {
    let Some(mut real) = RealVault::start() else { return };
    let mut settings = real_settings(&real);
    settings.retry = RetrySettings::none();
    let (up, is_up) = watch::channel(true);
    let (count, mut counted) = watch::channel(0);
    let store = open(settings);
    let witness =
        Arc::new(Witness { store: store.clone(), up: is_up, acknowledged: Mutex::default(), count });

    let counting = tokio::spawn(check_no_increment_is_lost(witness.clone(), "crash/contention"));
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(create(witness.clone(), writer))).collect();
    for kill in KILLS {
        counted.wait_for(|count| *count >= kill).await.unwrap();
        // Said before it happens, so that who fails by it waits.
        up.send_replace(false);
        tokio::task::block_in_place(|| {
            real.kill();
            real.restart();
        });
        up.send_replace(true);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    counting.await.unwrap();
    assert!(store.counts().transport_failures > 0, "the server was killed while nobody asked");

    let acknowledged = std::mem::take(&mut *witness.acknowledged.lock().unwrap());
    let mut checked = 0;
    for (path, version, data) in acknowledged {
        // Of the counter only the newest versions are kept: its sum was checked.
        if path.starts_with("crash/own/") {
            assert_eq!(store.read(&path).await.unwrap(), Slot::Present { version, data }, "{path}");
            checked += 1;
        }
    }
    assert!(checked > WRITERS * WRITES / 2, "{checked}");
}

/// Creates secrets, each once.
async fn create(witness: Arc<Witness>, writer: usize) {
    for number in 0..WRITES {
        let path = format!("crash/own/{writer}/{number}");
        let mut data = JsonObject::new();
        data.set_value("writer", &writer);
        data.set_value("number", &number);
        let mut failures = 0;
        while let Err(error) = witness.write(&path, &data, Version::NEVER).await {
            // A write that was thought lost may have taken place.
            if error.kind == PortErrorKind::Conflict {
                let slot = witness.read(&path).await.unwrap();
                assert_eq!(slot.data(), Some(&data), "nobody else writes to {path}");
                break;
            }
            assert!(error.kind.is_retryable() || error.kind == PortErrorKind::Ambiguous, "{error}");
            failures += 1;
            assert!(failures < FAILURES, "{error}");
        }
    }
}
