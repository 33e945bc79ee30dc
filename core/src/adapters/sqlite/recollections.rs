//! What runs found out about deployments, one row each.

use rusqlite::{Connection, Result, Row, params};

use super::columns;
use crate::ports::Recollections;

/// What later releases than the first know of deployments.
pub(super) const UPGRADE: &str = "
    CREATE TABLE recollection (
        deployment TEXT PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT;
";

/// All that is remembered.
pub(super) fn all(connection: &Connection) -> Result<Recollections> {
    // A file of an older release that was opened for reading has no such table
    // yet.
    if !connection.table_exists(None, "recollection")? {
        return Ok(Recollections::new());
    }
    connection
        .prepare("SELECT deployment, body FROM recollection")?
        .query_map([], |row: &Row<'_>| Ok((row.get(0)?, columns::json(row, 1)?)))?
        .collect()
}

/// Remembers this and nothing else. What stands there already is not written
/// again.
pub(super) fn replace(connection: &Connection, remembered: &Recollections) -> Result<()> {
    let before = all(connection)?;
    let mut forget = connection.prepare("DELETE FROM recollection WHERE deployment = ?1")?;
    for gone in before.keys().filter(|deployment| !remembered.contains_key(*deployment)) {
        forget.execute([gone])?;
    }
    let mut keep =
        connection.prepare("INSERT OR REPLACE INTO recollection (deployment, body) VALUES (?1, ?2)")?;
    for (deployment, recollection) in remembered {
        if before.get(deployment) != Some(recollection) {
            keep.execute(params![deployment, columns::json_text(recollection)])?;
        }
    }
    Ok(())
}
