//! Whose state a file holds: what was scanned, and where the records are. What
//! was learnt of one must never count for another.

use rusqlite::{Connection, OptionalExtension as _, Result as SqlResult, Row, params};

use super::faults::{Place, Task};
use crate::ports::PortError;

/// What files of older releases do not say yet. What these verified may have been
/// a trial on a folder: it is verified anew.
pub(super) const UPGRADE: &str = "
    ALTER TABLE director ADD COLUMN scanned TEXT CHECK (scanned IN ('director', 'fleet'));
    ALTER TABLE director ADD COLUMN store TEXT;
    UPDATE director SET last_full_verification = NULL;
";

/// What the runs of a state scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scanned {
    /// A live Director.
    Director,
    /// A folder that holds a Director's answers.
    Fleet,
}

impl Scanned {
    fn name(self) -> &'static str {
        match self {
            Self::Director => "director",
            Self::Fleet => "fleet",
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::Director => "the live Director",
            Self::Fleet => "fleets in folders",
        }
    }
}

/// Whose state a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateOwner {
    director_uuid: String,
    /// `None` if an older release made the file.
    scanned: Option<Scanned>,
    /// `None` if nobody said so yet, or who asks does not care.
    store: Option<String>,
}

impl StateOwner {
    /// A live Director, by its UUID.
    #[must_use]
    pub fn director(uuid: impl Into<String>) -> Self {
        Self { director_uuid: uuid.into(), scanned: Some(Scanned::Director), store: None }
    }

    /// The fleets in folders that have a Director's UUID.
    #[must_use]
    pub fn fleet(uuid: impl Into<String>) -> Self {
        Self { director_uuid: uuid.into(), scanned: Some(Scanned::Fleet), store: None }
    }

    /// With the records in this store: of another one's nothing is known. Without
    /// it, any: for readers of the journal.
    #[must_use]
    pub fn with_store(mut self, address: impl Into<String>) -> Self {
        self.store = Some(address.into());
        self
    }

    pub(super) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The UUID of the Director.
    #[must_use]
    pub fn director_uuid(&self) -> &str {
        &self.director_uuid
    }

    fn is_live(&self) -> bool {
        self.scanned == Some(Scanned::Director)
    }
}

/// A live Director, by its UUID.
impl From<&str> for StateOwner {
    fn from(uuid: &str) -> Self {
        Self::director(uuid)
    }
}

/// Whose state it is; `None` if it is nobody's yet.
pub(super) fn read(connection: &Connection) -> SqlResult<Option<StateOwner>> {
    // A file of an older release that was opened for reading has no such columns
    // yet.
    let says_more = connection.column_exists(None, "director", "scanned")?;
    let columns = if says_more { "uuid, scanned, store" } else { "uuid, NULL, NULL" };
    let owner = |row: &Row<'_>| {
        let scanned: Option<String> = row.get(1)?;
        let scanned = scanned.map(|name| match name == Scanned::Fleet.name() {
            true => Scanned::Fleet,
            false => Scanned::Director,
        });
        Ok(StateOwner { director_uuid: row.get(0)?, scanned, store: row.get(2)? })
    };
    connection.query_row(&format!("SELECT {columns} FROM director"), [], owner).optional()
}

/// Notes whose state it is, where that is not said yet, and gives whose it is
/// then. A file of an older release becomes a live Director's only: these must
/// stay usable, and a trial may never pass for one.
pub(super) fn claim(connection: &Connection, wanted: &StateOwner) -> SqlResult<Option<StateOwner>> {
    let scanned = wanted.scanned.map(Scanned::name);
    connection.execute(
        "INSERT OR IGNORE INTO director (only, uuid, scanned) VALUES (1, ?1, ?2)",
        params![wanted.director_uuid, scanned],
    )?;
    connection.execute(
        "UPDATE director SET scanned = ?2 WHERE lower(uuid) = lower(?1) AND scanned IS NULL AND ?3",
        params![wanted.director_uuid, scanned, wanted.is_live()],
    )?;
    read(connection)
}

/// What to do about a file that is somebody else's.
const ANOTHER_FILE: &str = "name another state file with --state FILE";

/// Refuses the state of another Director or of another kind of fleet. Another
/// store is no reason: it may be the same at another address, and a daemon has to
/// go on.
pub(super) fn check(
    place: &Place,
    task: &Task,
    owner: &StateOwner,
    wanted: &StateOwner,
) -> Result<(), PortError> {
    if !owner.director_uuid.eq_ignore_ascii_case(&wanted.director_uuid) {
        let what = format!(
            "belongs to the Director {}, and this one is {}",
            owner.director_uuid, wanted.director_uuid
        );
        let advice = "name another state file; move this one away only if the Director was rebuilt";
        return Err(place.refusal(task, what, advice));
    }
    match (owner.scanned, wanted.scanned) {
        (Some(owner), Some(wanted)) if owner != wanted => {
            let what = format!(
                "holds what was learnt of {}, which does not count for {}",
                owner.told(),
                wanted.told()
            );
            return Err(place.refusal(task, what, ANOTHER_FILE));
        }
        (None, Some(Scanned::Fleet)) => {
            let what = "is of an older release, and may hold what was learnt of a live Director";
            return Err(place.refusal(task, what, ANOTHER_FILE));
        }
        _ => {}
    }
    Ok(())
}

/// The store whose records this is the memory of, if it is another one than that.
pub(super) fn other_store(connection: &Connection, store: Option<&str>) -> SqlResult<Option<String>> {
    let noted = read(connection)?.and_then(|owner| owner.store);
    Ok(noted.filter(|noted| store.is_some_and(|store| store != noted)))
}

/// Makes it the memory of a store's records, as soon as something is learnt of
/// them. What was learnt of another store's goes: the same instance may be there
/// and not here. The journal stays.
pub(super) fn learn_of(connection: &Connection, store: Option<&str>) -> SqlResult<()> {
    if other_store(connection, store)?.is_some() {
        connection.execute_batch(
            "DELETE FROM absence;
             DELETE FROM recollection;
             UPDATE director SET store = NULL, index_size = NULL, last_full_verification = NULL;",
        )?;
    }
    let noted = "UPDATE director SET store = ?1 WHERE store IS NULL AND ?1 IS NOT NULL";
    connection.execute(noted, [store]).map(drop)
}
