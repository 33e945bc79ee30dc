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

    /// Only with the records in this store. Without it, any: for readers of the
    /// journal.
    #[must_use]
    pub fn with_store(mut self, address: impl Into<String>) -> Self {
        self.store = Some(address.into());
        self
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
        "INSERT OR IGNORE INTO director (only, uuid, scanned, store) VALUES (1, ?1, ?2, ?3)",
        params![wanted.director_uuid, scanned, wanted.store],
    )?;
    connection.execute(
        "UPDATE director SET scanned = ?2, store = COALESCE(store, ?3)
         WHERE lower(uuid) = lower(?1) AND (scanned = ?2 OR scanned IS NULL AND ?4)
           AND (scanned IS NULL OR store IS NULL AND ?3 IS NOT NULL)",
        params![wanted.director_uuid, scanned, wanted.store, wanted.is_live()],
    )?;
    read(connection)
}

/// What to do about a file that is somebody else's.
const ANOTHER_FILE: &str = "name another state file with --state FILE";

/// Refuses the state of another Director, of another kind of fleet or of another
/// store.
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
    match (&owner.store, &wanted.store) {
        (Some(owner), Some(wanted)) if owner != wanted => {
            let what = format!("goes with the records in {owner}, and these are in {wanted}");
            let advice = "name another state file with --state FILE, also if the same records are at another \
                          address now; what is absent is counted anew there";
            Err(place.refusal(task, what, advice))
        }
        _ => Ok(()),
    }
}
