//! The entries that are absent, one row each.

use rusqlite::{Connection, Result, Row, params};

use super::columns;
use crate::model::InstanceId;
use crate::ports::{Absence, CompleteScan};

/// When entries were last absent. What older releases counted does not say so,
/// and may come from a trial on a folder: it is counted anew.
pub(super) const UPGRADE: &str = "
    DROP TABLE absence;
    CREATE TABLE absence (
        folded_id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL,
        first_absent_at TEXT NOT NULL,
        last_absent_at TEXT NOT NULL,
        complete_scans INTEGER NOT NULL CHECK (complete_scans > 0)
    ) STRICT;
";

/// All absences, in the order of the ids.
pub(super) fn all(connection: &Connection) -> Result<Vec<Absence>> {
    // A file of an older release that was opened for reading has no such column
    // yet.
    if !connection.column_exists(None, "absence", "last_absent_at")? {
        return Ok(Vec::new());
    }
    connection
        .prepare(
            "SELECT instance_id, first_absent_at, last_absent_at, complete_scans
             FROM absence ORDER BY folded_id",
        )?
        .query_map([], |row: &Row<'_>| {
            let id: String = row.get(0)?;
            Ok(Absence {
                instance: InstanceId::new(&id).map_err(|error| columns::bad_text(0, error))?,
                first_absent_at: columns::instant(row, 1)?,
                last_absent_at: columns::instant(row, 2)?,
                complete_scans: row.get(3)?,
            })
        })?
        .collect()
}

/// Takes in a complete scan, and gives the absences as they are now.
pub(super) fn take_in(connection: &Connection, scan: &CompleteScan) -> Result<Vec<Absence>> {
    let counted = scan.counted(&all(connection)?);
    connection.execute("DELETE FROM absence", [])?;
    let mut keep = connection.prepare(
        "INSERT INTO absence (folded_id, instance_id, first_absent_at, last_absent_at, complete_scans)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for one in &counted {
        keep.execute(params![
            one.instance.folded(),
            one.instance.as_str(),
            columns::instant_text(one.first_absent_at),
            columns::instant_text(one.last_absent_at),
            one.complete_scans
        ])?;
    }
    Ok(counted)
}

/// Forgets one.
pub(super) fn forget(connection: &Connection, instance: &InstanceId) -> Result<()> {
    connection.execute("DELETE FROM absence WHERE folded_id = ?1", [instance.folded()])?;
    Ok(())
}
