//! A database file of ours: opening it safely, and transactions on it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::faults::{Place, Task};
use super::private;
use crate::ports::PortError;

/// How long a lock of another process is waited for, unless said otherwise.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(5);

/// What tells one kind of file from another.
#[derive(Debug)]
pub(super) struct Form {
    /// What the file is, for messages.
    pub(super) noun: &'static str,
    /// Marks files of this kind; another number is another program's.
    pub(super) application_id: i32,
    /// The statements that make the first schema.
    pub(super) schema: &'static str,
    /// The statements that make each later schema from the one before. None is
    /// ever changed once it was released.
    pub(super) upgrades: &'static [&'static str],
    /// How commits are made durable.
    pub(super) journal: Journal,
}

impl Form {
    /// The schema that this release knows: counts from 1.
    fn schema_version(&self) -> i32 {
        i32::try_from(self.upgrades.len()).unwrap_or(i32::MAX).saturating_add(1)
    }

    /// The steps from a schema to the newest.
    fn steps_from(&self, schema_version: i32) -> &'static [&'static str] {
        let done = usize::try_from(schema_version - 1).unwrap_or_default();
        self.upgrades.get(done..).unwrap_or_default()
    }
}

/// How commits are made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Journal {
    /// Fast, and readers do not wait; needs two further files while open.
    WriteAhead,
    /// Slower; reading creates no file.
    Rollback,
}

/// What a file turned out to be.
enum Identity {
    /// Nothing was ever put into it.
    Blank,
    /// Of this kind.
    Ours { schema_version: i32 },
    /// Something else.
    Foreign,
}

impl Identity {
    fn is_newest(&self, form: &Form) -> bool {
        matches!(self, Self::Ours { schema_version } if *schema_version == form.schema_version())
    }
}

/// SQLite's locks on a file are lost when any other descriptor of it is closed
/// in the same process, as happens when one is created. So files are opened
/// one at a time.
static OPENING: Mutex<()> = Mutex::new(());

/// An open database file.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    connection: Connection,
    form: &'static Form,
    place: Place,
}

impl DatabaseFile {
    /// Opens a file for reading and writing; creates it if it is missing.
    pub(super) fn open(form: &'static Form, path: &Path, wait: Duration) -> Result<Self, PortError> {
        let (task, place, path) = prepare(form, path, wait)?;
        let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if !private::is_there(&task, &place, &path)? {
            private::create(&task, &place, &path)?;
        }
        let mut file = Self::connect(form, place, &path, &task)?;
        let identity = file.identify(&task)?;
        private::refuse_wide(&task, &file.place, &path)?;
        if file.is_read_only(&task)? {
            return Err(file.place.read_only(&task));
        }
        file.apply_settings(&task)?;
        if !identity.is_newest(form) {
            file.bring_schema_up(&task)?;
        }
        if form.journal == Journal::WriteAhead {
            file.write_ahead(&task)?;
        }
        Ok(file)
    }

    /// Opens a file for reading; nothing is created, and an older schema stays
    /// as it is. `None` if there is no file, or nothing in it yet.
    pub(super) fn open_existing(
        form: &'static Form,
        path: &Path,
        wait: Duration,
    ) -> Result<Option<Self>, PortError> {
        let (task, place, path) = prepare(form, path, wait)?;
        let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if !private::is_there(&task, &place, &path)? {
            return Ok(None);
        }
        let mut file = Self::connect(form, place, &path, &task)?;
        let identity = file.identify(&task)?;
        private::refuse_wide(&task, &file.place, &path)?;
        if matches!(identity, Identity::Blank) {
            return Ok(None);
        }
        file.connection
            .pragma_update(None, "query_only", true)
            .map_err(|error| file.place.fault(&task, error))?;
        Ok(Some(file))
    }

    /// Makes a database in memory, gone when it is dropped.
    pub(super) fn in_memory(form: &'static Form) -> Result<Self, PortError> {
        let place = Place { noun: form.noun, path: None, wait: LOCK_WAIT };
        let task = opening(&place);
        let connection = Connection::open_in_memory().map_err(|error| place.fault(&task, error))?;
        let mut file = Self { connection, form, place };
        file.bring_schema_up(&task)?;
        Ok(file)
    }

    /// Opens the connection. The file exists: SQLite would create one that
    /// others can read. In a folder that cannot be written it is read-only.
    fn connect(form: &'static Form, place: Place, path: &Path, task: &Task) -> Result<Self, PortError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connected = Connection::open_with_flags(path, flags).and_then(|connection| {
            connection.busy_timeout(place.wait)?;
            Ok(connection)
        });
        match connected {
            Ok(connection) => Ok(Self { connection, form, place }),
            Err(error) => Err(place.fault(task, error)),
        }
    }

    /// Refuses what is not ours before anything is written to it.
    fn identify(&mut self, task: &Task) -> Result<Identity, PortError> {
        let form = self.form;
        let identity = self.read(task, |transaction| identity(transaction, form))?;
        let known = self.form.schema_version();
        match identity {
            Identity::Foreign => Err(self.place.refusal(
                task,
                format!("is no {} but a database of another program", self.form.noun),
                "name another file",
            )),
            Identity::Ours { schema_version } if !(1..=known).contains(&schema_version) => {
                Err(self.place.refusal(
                    task,
                    format!("has schema {schema_version}, and this release knows {known}"),
                    "use the release that wrote it or a newer one, or name another file",
                ))
            }
            identity => Ok(identity),
        }
    }

    fn is_read_only(&self, task: &Task) -> Result<bool, PortError> {
        self.connection.is_readonly("main").map_err(|error| self.place.fault(task, error))
    }

    /// EXTRA is FULL, and for a rollback journal it also makes the end of a
    /// commit durable: what was acknowledged survives a loss of power. Deleted
    /// values are overwritten where that costs no further writing.
    fn apply_settings(&self, task: &Task) -> Result<(), PortError> {
        self.connection
            .execute_batch(
                "PRAGMA synchronous = EXTRA;
                 PRAGMA secure_delete = FAST;
                 PRAGMA journal_size_limit = 16777216;",
            )
            .map_err(|error| self.place.fault(task, error))
    }

    /// Makes the schema, or makes the newest from an older one, unless another
    /// process was faster.
    fn bring_schema_up(&mut self, task: &Task) -> Result<(), PortError> {
        let form = self.form;
        self.write(task, |transaction| {
            let steps = match identity(transaction, form)? {
                Identity::Blank => {
                    transaction.execute_batch(form.schema)?;
                    transaction.pragma_update(None, "application_id", form.application_id)?;
                    form.upgrades
                }
                Identity::Ours { schema_version } if schema_version < form.schema_version() => {
                    form.steps_from(schema_version)
                }
                Identity::Ours { .. } | Identity::Foreign => return Ok(()),
            };
            steps.iter().try_for_each(|step| transaction.execute_batch(step))?;
            transaction.pragma_update(None, "user_version", form.schema_version())
        })
    }

    /// Turns the write-ahead log on. SQLite does not wait for locks here by
    /// itself, so this does.
    fn write_ahead(&self, task: &Task) -> Result<(), PortError> {
        let deadline = Instant::now() + self.place.wait;
        let mode = loop {
            let answer =
                self.connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
            match answer {
                Err(error)
                    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                        && Instant::now() < deadline =>
                {
                    std::thread::sleep(Duration::from_millis(5));
                }
                answer => break answer.map_err(|error| self.place.fault(task, error))?,
            }
        };
        if mode.eq_ignore_ascii_case("wal") {
            return Ok(());
        }
        Err(self.place.refusal(
            task,
            "is on a file system without shared memory, which the write-ahead log needs",
            "put it on a local disk",
        ))
    }

    /// Where the file is, for people.
    pub(super) fn name(&self) -> String {
        self.place.to_string()
    }

    /// The file, for messages.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Reads, all from the same moment.
    pub(super) fn read<T>(
        &mut self,
        task: &Task,
        body: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, PortError> {
        let place = &self.place;
        self.connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .and_then(|transaction| body(&transaction))
            .map_err(|error| place.fault(task, error))
    }

    /// Changes, all or nothing. The lock is taken before anything is read, so
    /// that what was read still holds when it is written.
    pub(super) fn write<T>(
        &mut self,
        task: &Task,
        body: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, PortError> {
        let place = &self.place;
        let explain = |error| place.fault(task, error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explain)?;
        let outcome = body(&transaction).map_err(explain)?;
        transaction.commit().map_err(|error| place.commit_fault(task, error))?;
        Ok(outcome)
    }

    /// The connection itself, for tests that put limits on it.
    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// The task, the place and the absolute path of a file to open. An absolute
/// path has none of the names that mean something special to SQLite.
fn prepare(form: &Form, path: &Path, wait: Duration) -> Result<(Task, Place, PathBuf), PortError> {
    let mut place = Place { noun: form.noun, path: Some(path.to_owned()), wait };
    let absolute = std::path::absolute(path)
        .map_err(|error| place.io_fault(&opening(&place), "has no absolute path", error))?;
    place.path = Some(absolute.clone());
    Ok((opening(&place), place, absolute))
}

fn opening(place: &Place) -> Task {
    Task::new(format!("open the {}", place.noun), place.to_string())
}

/// What the file says it is. Only reads, and needs a transaction: another
/// process may be making the schema.
fn identity(connection: &Transaction<'_>, form: &Form) -> rusqlite::Result<Identity> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application_id = number("application_id")?;
    let schema_version = number("user_version")?;
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application_id, schema_version, objects) {
        (0, 0, 0) => Identity::Blank,
        (id, _, _) if id == form.application_id => Identity::Ours { schema_version },
        _ => Identity::Foreign,
    })
}
