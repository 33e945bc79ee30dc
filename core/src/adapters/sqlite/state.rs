//! What the reconciler remembers between runs of what it scans.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Result as SqlResult, Row, Transaction, params};

use super::absences;
use super::columns;
use super::faults::{Place, Task};
use super::file::{DatabaseFile, Form, Journal, LOCK_WAIT};
use super::journal;
use super::owner::{self, StateOwner};
use super::recollections;
use crate::model::{InstanceId, JsonObject};
use crate::ports::{
    Absence, CompleteScan, DecisionEntry, LastScan, PortError, Recollections, RunEntry, RunState, RunSummary,
};

/// The state's file. It is written a few times a run, so that a rollback
/// journal is fast enough; and with it, reading creates no file.
static FORM: Form = Form {
    noun: "state file",
    // "BRsf" in ASCII.
    application_id: 0x4252_7366,
    schema: "
        CREATE TABLE director (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            uuid TEXT NOT NULL,
            index_size INTEGER CHECK (index_size >= 0),
            last_full_verification TEXT
        ) STRICT;
        CREATE TABLE absence (
            folded_id TEXT PRIMARY KEY,
            instance_id TEXT NOT NULL,
            first_absent_at TEXT NOT NULL,
            complete_scans INTEGER NOT NULL CHECK (complete_scans > 0)
        ) STRICT;
        CREATE TABLE run (
            run_id TEXT NOT NULL UNIQUE,
            started_at TEXT NOT NULL,
            finished_at TEXT,
            outcome TEXT,
            complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
            counts TEXT NOT NULL,
            findings TEXT NOT NULL
        ) STRICT;
        CREATE INDEX run_by_start ON run (started_at);
    ",
    upgrades: &[
        "
        CREATE TABLE last_scan (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            deployments INTEGER NOT NULL CHECK (deployments >= 0),
            scopes TEXT
        ) STRICT;
    ",
        journal::UPGRADE,
        recollections::UPGRADE,
        owner::UPGRADE,
        absences::UPGRADE,
        journal::RULES_UPGRADE,
    ],
    journal: Journal::Rollback,
};

/// The state file of one owner, which only its owner may open.
///
/// Its methods block: reading takes microseconds, writing as long as the disk
/// needs to make a change durable, and a lock of another process up to five
/// seconds. Every failure is a `PortError` that names the file: `Local`, or
/// `Malformed` if the file holds what it should not, or `Ambiguous` if the disk
/// failed in the middle of a change.
#[derive(Debug)]
pub struct StateFile {
    director_uuid: String,
    /// Where the records are of which it is remembered.
    store: Option<String>,
    file: Mutex<DatabaseFile>,
    place: Place,
}

impl StateFile {
    /// Opens somebody's state; creates the file if it is missing: mode 0600, in
    /// folders of mode 0700. What the file does not say of its owner yet it says
    /// from now on. A text is the UUID of a live Director.
    ///
    /// # Errors
    /// If the file is somebody else's, is not a state file, is of a newer
    /// release, can be opened by others, or cannot be opened or created.
    pub fn open(path: impl AsRef<Path>, owner: impl Into<StateOwner>) -> Result<Self, PortError> {
        let wanted = owner.into();
        let mut file = DatabaseFile::open(&FORM, path.as_ref(), LOCK_WAIT)?;
        let task = Task::new("open the state file", file.name());
        let owner = file.write(&task, |transaction| owner::claim(transaction, &wanted))?;
        owner.map_or(Ok(()), |owner| owner::check(file.place(), &task, &owner, &wanted))?;
        Ok(Self::new(file, &wanted))
    }

    /// Opens somebody's state for reading only, and creates nothing. `None` if
    /// nothing was ever remembered there.
    ///
    /// # Errors
    /// Those of `open`; and every method that changes something fails later.
    pub fn open_existing(
        path: impl AsRef<Path>,
        owner: impl Into<StateOwner>,
    ) -> Result<Option<Self>, PortError> {
        let wanted = owner.into();
        let Some(mut file) = DatabaseFile::open_existing(&FORM, path.as_ref(), LOCK_WAIT)? else {
            return Ok(None);
        };
        let task = Task::new("open the state file", file.name());
        let Some(owner) = file.read(&task, |transaction| owner::read(transaction))? else {
            return Ok(None);
        };
        owner::check(file.place(), &task, &owner, &wanted)?;
        Ok(Some(Self::new(file, &wanted)))
    }

    /// Whose state a file is; `None` if nothing was ever remembered there.
    /// Creates nothing.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn owner_of(path: impl AsRef<Path>) -> Result<Option<StateOwner>, PortError> {
        let Some(mut file) = DatabaseFile::open_existing(&FORM, path.as_ref(), LOCK_WAIT)? else {
            return Ok(None);
        };
        let task = Task::new("open the state file", file.name());
        file.read(&task, |transaction| owner::read(transaction))
    }

    fn new(file: DatabaseFile, owner: &StateOwner) -> Self {
        let director_uuid = owner.director_uuid().to_owned();
        let store = owner.store().map(str::to_owned);
        Self { director_uuid, store, place: file.place().clone(), file: Mutex::new(file) }
    }

    fn read<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> SqlResult<T>,
    ) -> Result<T, PortError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.read(&Task::new(operation, self.address()), body)
    }

    fn write<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> SqlResult<T>,
    ) -> Result<T, PortError> {
        // A panic in a change has rolled it back: the file is as it was.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write(&Task::new(operation, self.address()), body)
    }
}

impl StateFile {
    /// Reads what is known of the store's records; `None` if it is another's.
    fn known<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> SqlResult<T>,
    ) -> Result<Option<T>, PortError> {
        self.read(operation, |transaction| {
            let other = owner::other_store(transaction, self.store.as_deref())?;
            other.is_none().then(|| body(transaction)).transpose()
        })
    }

    /// Writes what is learnt of the store's records.
    fn learn<T>(
        &self,
        operation: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> SqlResult<T>,
    ) -> Result<T, PortError> {
        self.write(operation, |transaction| {
            owner::learn_of(transaction, self.store.as_deref())?;
            body(transaction)
        })
    }
}

impl RunState for StateFile {
    fn address(&self) -> String {
        self.place.to_string()
    }

    fn director_uuid(&self) -> &str {
        &self.director_uuid
    }

    fn other_store(&self) -> Result<Option<String>, PortError> {
        self.read("read whose records are remembered in", |transaction| {
            owner::other_store(transaction, self.store.as_deref())
        })
    }

    fn last_scan(&self) -> Result<Option<LastScan>, PortError> {
        self.read("read what the last scan saw in", |transaction| {
            // A file of an older release that was opened for reading has no
            // such table yet.
            if !transaction.table_exists(None, "last_scan")? {
                return Ok(None);
            }
            let read = |row: &Row<'_>| {
                let deployments: i64 = row.get(0)?;
                let scopes = row.get::<_, Option<String>>(1)?.is_some().then(|| columns::json(row, 1));
                Ok(LastScan { deployments: deployments.unsigned_abs(), scopes: scopes.transpose()? })
            };
            transaction.query_row("SELECT deployments, scopes FROM last_scan", [], read).optional()
        })
    }

    fn set_last_scan(&self, scan: &LastScan) -> Result<(), PortError> {
        let deployments = i64::try_from(scan.deployments).unwrap_or(i64::MAX);
        let scopes = scan.scopes.as_ref().map(columns::json_text);
        self.write("remember what the scan saw in", |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO last_scan (only, deployments, scopes) VALUES (1, ?1, ?2)",
                params![deployments, scopes],
            )?;
            Ok(())
        })
    }

    fn index_size(&self) -> Result<Option<u64>, PortError> {
        let size = self.known("read the size of the last index in", |transaction| {
            let size: Option<i64> =
                transaction.query_row("SELECT index_size FROM director", [], |row| row.get(0))?;
            Ok(size.map(i64::unsigned_abs))
        });
        Ok(size?.flatten())
    }

    fn set_index_size(&self, entries: u64) -> Result<(), PortError> {
        let entries = i64::try_from(entries).unwrap_or(i64::MAX);
        self.learn("remember the size of the index in", |transaction| {
            transaction.execute("UPDATE director SET index_size = ?1", [entries])?;
            Ok(())
        })
    }

    fn last_full_verification(&self) -> Result<Option<DateTime<Utc>>, PortError> {
        let last = self.known("read the last full verification in", |transaction| {
            transaction.query_row("SELECT last_full_verification FROM director", [], |row| {
                columns::instant_or_none(row, 0)
            })
        });
        Ok(last?.flatten())
    }

    fn set_last_full_verification(&self, at: DateTime<Utc>) -> Result<(), PortError> {
        self.learn("remember the full verification in", |transaction| {
            transaction
                .execute("UPDATE director SET last_full_verification = ?1", [columns::instant_text(at)])?;
            Ok(())
        })
    }

    fn absences(&self) -> Result<Vec<Absence>, PortError> {
        Ok(self.known("read the absences in", |transaction| absences::all(transaction))?.unwrap_or_default())
    }

    fn record_complete_scan(&self, scan: &CompleteScan) -> Result<Vec<Absence>, PortError> {
        self.learn("remember the absences in", |transaction| absences::take_in(transaction, scan))
    }

    fn forget_absences(&self, instances: &BTreeSet<InstanceId>) -> Result<(), PortError> {
        self.learn("forget absences in", |transaction| {
            instances.iter().try_for_each(|instance| absences::forget(transaction, instance))
        })
    }

    fn recollections(&self) -> Result<Recollections, PortError> {
        let what = "read what is remembered of deployments in";
        Ok(self.known(what, |transaction| recollections::all(transaction))?.unwrap_or_default())
    }

    fn set_recollections(&self, remembered: &Recollections) -> Result<(), PortError> {
        self.learn("remember deployments in", |transaction| recollections::replace(transaction, remembered))
    }

    fn record_run(&self, run: &RunEntry) -> Result<(), PortError> {
        self.write("write the run into the journal in", |transaction| journal::record(transaction, run))
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunSummary>, PortError> {
        self.read("read the journal in", |transaction| journal::newest(transaction, limit))
    }

    fn record_decisions(&self, run_id: &str, decisions: &[DecisionEntry]) -> Result<(), PortError> {
        self.write("keep the decisions of a run in", |transaction| {
            journal::record_decisions(transaction, run_id, decisions)
        })
    }

    fn run(&self, run_id: &str) -> Result<Option<RunEntry>, PortError> {
        self.read("read the journal in", |transaction| journal::of_id(transaction, run_id))
    }

    fn decisions_of(&self, run_id: &str) -> Result<Option<Vec<DecisionEntry>>, PortError> {
        self.read("read the decisions of a run in", |transaction| journal::decisions_of(transaction, run_id))
    }

    fn record_rules(&self, chain: &str, rules: &JsonObject) -> Result<(), PortError> {
        self.write("keep the rules of a run in", |transaction| {
            journal::record_rules(transaction, chain, rules)
        })
    }

    fn rules_of(&self, chain: &str) -> Result<Option<JsonObject>, PortError> {
        self.read("read the rules of a run in", |transaction| journal::rules_of(transaction, chain))
    }

    fn prune_runs(&self, keep: usize, oldest: DateTime<Utc>) -> Result<usize, PortError> {
        self.write("prune the journal in", |transaction| journal::prune(transaction, keep, oldest))
    }
}
