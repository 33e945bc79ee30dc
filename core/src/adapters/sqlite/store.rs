//! A store of secrets in one SQLite file, with the meaning of Vault's KV v2.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::faults::Task;
use super::file::{DatabaseFile, LOCK_WAIT};
use super::paths;
use super::records::{self, Written};
use crate::model::JsonObject;
use crate::ports::{PortError, PortErrorKind, SecretStore, Slot, StoreAddress, Version};

/// The default limit on a value, in bytes: Vault's own on a request.
const LARGEST_VALUE: usize = 32 * 1024 * 1024;

/// Secrets by path and version in one file, which only its owner may open.
///
/// The last 10 versions of each path are kept. A write that was acknowledged
/// survives a loss of power. Several processes may use the file at once.
/// Methods need a Tokio runtime; a dropped future never leaves half a change.
#[derive(Clone)]
pub struct SqliteStore {
    // Waited for without holding a thread, and in the order of asking.
    file: Arc<Mutex<DatabaseFile>>,
    address: StoreAddress,
    limit: usize,
}

impl SqliteStore {
    /// Opens the store in a file, which is created if it is missing: mode 0600,
    /// in folders of mode 0700. Blocks for a few milliseconds, or up to five
    /// seconds while another process holds the file.
    ///
    /// # Errors
    /// `Local`, with the file's name and what to do, if it is not a store of
    /// this kind, is of a newer release, can be opened by others, is locked,
    /// or cannot be opened or created.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PortError> {
        Self::open_waiting(path, LOCK_WAIT)
    }

    /// Opens the store in a file, with another patience for the locks of other
    /// processes, now and in every later operation.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn open_waiting(path: impl AsRef<Path>, wait: Duration) -> Result<Self, PortError> {
        DatabaseFile::open(&records::FORM, path.as_ref(), wait).map(Self::new)
    }

    /// Opens the store in a file for reading only, and creates nothing. `None`
    /// if there is no file, or nothing was ever written to it.
    ///
    /// # Errors
    /// Those of `open`; and every method that changes something fails later.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Option<Self>, PortError> {
        let Some(mut file) = DatabaseFile::open_existing(&records::FORM, path.as_ref(), LOCK_WAIT)? else {
            return Ok(None);
        };
        let task = Task::new("open the embedded store", file.name());
        let begun = file.read(&task, |transaction| records::was_written(transaction))?;
        Ok(begun.then(|| Self::new(file)))
    }

    /// Makes a store in memory, gone with its last clone.
    ///
    /// # Errors
    /// `Local` if there is no memory for it.
    pub fn open_in_memory() -> Result<Self, PortError> {
        DatabaseFile::in_memory(&records::FORM).map(Self::new)
    }

    /// A store in memory that goes by the name of the file that a run would
    /// begin: what was computed from it was computed for that file.
    #[must_use]
    pub fn standing_for(mut self, path: &Path) -> Self {
        self.address = path.display().to_string();
        self
    }

    fn new(file: DatabaseFile) -> Self {
        Self { address: file.name(), file: Arc::new(Mutex::new(file)), limit: LARGEST_VALUE }
    }

    /// Limits the size of a value, in bytes of JSON (32 MiB unless set).
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Writes a first secret if the store has never held any, and tells whether
    /// it did. What was deleted or purged since does not count as never.
    ///
    /// # Errors
    /// Those of `write` but `Conflict`.
    pub async fn seed_once(&self, path: &str, data: &JsonObject) -> Result<bool, PortError> {
        let task = Task::new("seed the store with", path);
        paths::check_secret(&task, path)?;
        let text = self.within_limit(&task, data)?;
        let path = path.to_owned();
        self.run(task, move |file, task| {
            // Most often there is nothing to do: that needs no lock.
            if file.read(task, |transaction| records::was_written(transaction))? {
                return Ok(false);
            }
            file.write(task, |transaction| {
                if records::was_written(transaction)? {
                    return Ok(false);
                }
                records::write(transaction, &path, &text, Version::NEVER)?;
                Ok(true)
            })
        })
        .await
    }

    /// Says whose records these are, a Director's UUID, and keeps the store for
    /// them: another owner is refused from then on.
    ///
    /// # Errors
    /// `Local` if they are another owner's; and those of `write`.
    pub async fn keep_for(&self, owner: &str) -> Result<(), PortError> {
        let task = Task::new("use the store for", owner);
        let owner = owner.to_owned();
        let (address, mine) = (self.address.clone(), task.clone());
        let found = self.run(task, {
            let owner = owner.clone();
            move |file, task| match file.read(task, |transaction| records::owner(transaction))? {
                Some(found) => Ok(found),
                None => file.write(task, |transaction| {
                    records::set_owner(transaction, &owner)?;
                    Ok(records::owner(transaction)?.unwrap_or(owner))
                }),
            }
        });
        let found = found.await?;
        if found.eq_ignore_ascii_case(&owner) {
            return Ok(());
        }
        let reason = format!("{address} holds the records of the Director {found}");
        Err(mine.failed(PortErrorKind::Local, reason).with_advice("name another store with --store FILE"))
    }

    /// Whose records these are, a Director's UUID; `None` if nobody said.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn owner(&self) -> Result<Option<String>, PortError> {
        let task = Task::new("read the owner of", self.address.clone());
        self.run(task, |file, task| file.read(task, |transaction| records::owner(transaction))).await
    }

    /// Runs blocking work on the file away from the async threads. It goes on
    /// to its end if the caller stops waiting.
    async fn run<T: Send + 'static>(
        &self,
        task: Task,
        work: impl FnOnce(&mut DatabaseFile, &Task) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let mut file = Arc::clone(&self.file).lock_owned().await;
        let asked = task.clone();
        match tokio::task::spawn_blocking(move || work(&mut file, &task)).await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only before it began: the runtime is shutting down.
                Err(_) => Err(asked.failed(PortErrorKind::Cancelled, "the program is ending")),
            },
        }
    }

    fn within_limit(&self, task: &Task, data: &JsonObject) -> Result<String, PortError> {
        let text = data.to_text();
        if text.len() <= self.limit {
            return Ok(text);
        }
        Err(task
            .failed(
                PortErrorKind::TooLarge,
                format!("the value has {} bytes and the limit is {}", text.len(), self.limit),
            )
            .with_advice("raise the store's limit, or keep less in it"))
    }
}

#[cfg(test)]
impl SqliteStore {
    /// The connection itself, for tests that look beneath.
    pub(super) fn with_connection<T>(&self, look: impl FnOnce(&rusqlite::Connection) -> T) -> T {
        let file = self.file.try_lock().expect("nothing else is going on");
        look(file.connection())
    }

    /// Writes, and panics before the change is committed.
    pub(super) async fn panic_after_writing(&self, path: &str) -> Result<(), PortError> {
        let path = path.to_owned();
        self.run(Task::new("panic at", &path), move |file, task| {
            file.write(task, |transaction| {
                records::write(transaction, &path, "{}", Version::NEVER)?;
                panic!("in the middle of a change")
            })
        })
        .await
    }
}

/// Values are secrets: only where they are and how large they may be.
impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("address", &self.address)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretStore for SqliteStore {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        let task = Task::new("read the secret", path);
        paths::check_secret(&task, path)?;
        let path = path.to_owned();
        self.run(task, move |file, task| file.read(task, |transaction| records::slot(transaction, &path)))
            .await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        let task = Task::new("write the secret", path);
        paths::check_secret(&task, path)?;
        let text = self.within_limit(&task, data)?;
        let path = path.to_owned();
        self.run(task, move |file, task| {
            let written =
                file.write(task, |transaction| records::write(transaction, &path, &text, expected))?;
            match written {
                Written::As(version) => Ok(version),
                Written::Conflict(current) => Err(task
                    .failed(
                        PortErrorKind::Conflict,
                        format!("its version is {current}, not {expected} any more"),
                    )
                    .with_advice("read it again and decide anew")),
            }
        })
        .await
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        let task = Task::new("list the secrets below", path);
        paths::check_folder(&task, path)?;
        let path = path.to_owned();
        self.run(task, move |file, task| file.read(task, |transaction| records::children(transaction, &path)))
            .await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        let task = Task::new("delete the secret", path);
        paths::check_secret(&task, path)?;
        let path = path.to_owned();
        self.run(task, move |file, task| file.write(task, |transaction| records::delete(transaction, &path)))
            .await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        let task = Task::new("purge the secret", path);
        paths::check_secret(&task, path)?;
        let path = path.to_owned();
        self.run(task, move |file, task| file.write(task, |transaction| records::purge(transaction, &path)))
            .await
    }

    fn address(&self) -> StoreAddress {
        self.address.clone()
    }
}
