//! What every store of secrets has to do, whatever is behind it.

mod contention;
mod names;
mod values;
mod versions;

use std::pin::Pin;
use std::sync::Arc;

use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, PortErrorKind, SecretStore, Slot, Version};

type Outcome = Pin<Box<dyn Future<Output = ()> + Send>>;
type Case = fn(Room) -> Outcome;

/// The cases: a name that is also a path segment, and what is done.
const CASES: [(&str, Case); 16] = [
    ("never-written", |room| Box::pin(versions::never_written(room))),
    ("create", |room| Box::pin(versions::create(room))),
    ("replace", |room| Box::pin(versions::replace(room))),
    ("conflict", |room| Box::pin(versions::conflict(room))),
    ("soft-delete", |room| Box::pin(versions::soft_delete(room))),
    ("delete-nothing", |room| Box::pin(versions::delete_nothing(room))),
    ("purge", |room| Box::pin(versions::purge(room))),
    ("monotone", |room| Box::pin(versions::monotone(room))),
    ("list", |room| Box::pin(names::list(room))),
    ("list-deleted", |room| Box::pin(names::list_deleted(room))),
    ("list-top", |room| Box::pin(names::list_top(room))),
    ("spelling", |room| Box::pin(names::spelling(room))),
    ("refused-paths", |room| Box::pin(names::refused_paths(room))),
    ("json-types", |room| Box::pin(values::json_types(room))),
    ("large-value", |room| Box::pin(values::large_value(room))),
    ("contention", |room| Box::pin(contention::no_increment_is_lost(room))),
];

/// Checks a store against all cases and fails with the names of those that it
/// does not keep.
///
/// `open` is called once a case and may give the same store each time. Below
/// `prefix` nothing was ever written; what else is in the store does not
/// matter, and only what is below the prefix is changed. Nothing is cleaned up.
/// The store must take values of 900 KiB. Needs a Tokio runtime.
///
/// # Panics
/// If a case fails.
pub async fn check_secret_store(open: impl AsyncFn() -> Arc<dyn SecretStore>, prefix: &str) {
    let mut failures = Vec::new();
    for (name, case) in CASES {
        let room = Room { store: open().await, prefix: format!("{prefix}/{name}") };
        let address = room.store.address();
        // In a task of its own, so that a failed case does not hide the others.
        if let Err(failed) = tokio::spawn(case(room)).await {
            failures.push(format!("`{name}` at {address}: {}", message(failed)));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases of the secret store's contract failed:\n{}",
        failures.len(),
        CASES.len(),
        failures.join("\n")
    );
}

/// Checks only that many writers on one secret lose nothing, also where
/// connections break and tokens end: of the kinds of failure that a writer can
/// go on after, any may happen.
///
/// # Panics
/// If an increment is lost, or counted twice.
pub async fn check_no_increment_is_lost(store: Arc<dyn SecretStore>, prefix: &str) {
    contention::no_increment_is_lost(Room { store, prefix: prefix.to_owned() }).await;
}

/// What a failed case says.
fn message(failed: tokio::task::JoinError) -> String {
    match failed.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "it panicked".to_owned()),
        Err(failed) => failed.to_string(),
    }
}

/// A store, and the part of it that belongs to one case.
#[derive(Clone)]
struct Room {
    store: Arc<dyn SecretStore>,
    prefix: String,
}

impl Room {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    async fn read(&self, name: &str) -> Slot {
        let answer = self.store.read(&self.path(name)).await;
        answer.unwrap_or_else(|error| panic!("reading `{name}`: {error}"))
    }

    /// What `read` gives must be vacant at this version.
    async fn expect_vacant(&self, name: &str, version: Version) {
        let slot = self.read(name).await;
        assert_eq!(slot, Slot::Vacant { version }, "what `{name}` reads as");
    }

    /// What `read` gives must be this value at this version.
    async fn expect_present(&self, name: &str, version: Version, data: &JsonObject) {
        let expected = Slot::Present { version, data: data.clone() };
        assert_eq!(self.read(name).await, expected, "what `{name}` reads as");
    }

    async fn try_write(
        &self,
        name: &str,
        data: &JsonObject,
        expected: Version,
    ) -> Result<Version, PortError> {
        self.store.write(&self.path(name), data, expected).await
    }

    async fn write(&self, name: &str, data: &JsonObject, expected: Version) -> Version {
        let answer = self.try_write(name, data, expected).await;
        answer.unwrap_or_else(|error| panic!("writing `{name}` over {expected}: {error}"))
    }

    /// The write must be refused as a conflict.
    async fn expect_conflict(&self, name: &str, data: &JsonObject, expected: Version) {
        match self.try_write(name, data, expected).await {
            Ok(version) => panic!("`{name}` was written over {expected}, as {version}"),
            Err(error) => {
                assert_eq!(error.kind, PortErrorKind::Conflict, "writing `{name}` over {expected}: {error}")
            }
        }
    }

    async fn delete(&self, name: &str) {
        let answer = self.store.delete(&self.path(name)).await;
        answer.unwrap_or_else(|error| panic!("deleting `{name}`: {error}"));
    }

    async fn purge(&self, name: &str) {
        let answer = self.store.purge(&self.path(name)).await;
        answer.unwrap_or_else(|error| panic!("purging `{name}`: {error}"));
    }

    /// The names below a folder of the room; `""` is the room itself.
    async fn list(&self, folder: &str) -> Vec<String> {
        let path = match folder {
            "" => self.prefix.clone(),
            folder => self.path(folder),
        };
        let answer = self.store.list(&path).await;
        answer.unwrap_or_else(|error| panic!("listing `{folder}`: {error}"))
    }
}

/// A small value that differs from others of another number.
fn sample(number: u32) -> JsonObject {
    let mut data = JsonObject::new();
    data.set_value("name", "sample");
    data.set_value("number", &number);
    data
}
