//! Versions of secrets as rows: the meaning of KV v2 in SQL.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::columns;
use super::file::{Form, Journal};
use crate::model::JsonObject;
use crate::ports::{Slot, Version};

/// How many versions of each path are kept.
const KEPT_VERSIONS: i64 = 10;

/// The store's file. A table with row ids: without them, reading a row with a
/// long value is ten times slower.
pub(super) static FORM: Form = Form {
    noun: "embedded store",
    // "BRst" in ASCII.
    application_id: 0x4252_7374,
    schema: "
        CREATE TABLE secret_version (
            path TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version > 0),
            data TEXT NOT NULL,
            written_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
            deleted_at TEXT,
            UNIQUE (path, version)
        ) STRICT;
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT;
    ",
    upgrades: &[],
    journal: Journal::WriteAhead,
};

/// What became of a write.
pub(super) enum Written {
    /// It stands as this version.
    As(Version),
    /// Nothing was changed: the version is this one, not the expected one.
    Conflict(Version),
}

/// What stands at a path.
pub(super) fn slot(connection: &Connection, path: &str) -> Result<Slot> {
    let newest = connection
        .query_row(
            "SELECT version, CASE WHEN deleted_at IS NULL THEN data END
             FROM secret_version WHERE path = ?1 ORDER BY version DESC LIMIT 1",
            [path],
            |row| Ok((Version(row.get::<_, i64>(0)?.unsigned_abs()), row.get(1)?)),
        )
        .optional()?;
    let Some((version, text)) = newest else {
        return Ok(Slot::Vacant { version: Version::NEVER });
    };
    let Some::<String>(text) = text else {
        return Ok(Slot::Vacant { version });
    };
    match JsonObject::parse(&text) {
        Ok(data) => Ok(Slot::Present { version, data }),
        Err(error) => Err(columns::bad_text(1, error)),
    }
}

/// Puts a further version on top if the newest is the expected one.
pub(super) fn write(connection: &Connection, path: &str, text: &str, expected: Version) -> Result<Written> {
    let newest: i64 = connection.query_row(
        "SELECT coalesce(max(version), 0) FROM secret_version WHERE path = ?1",
        [path],
        |row| row.get(0),
    )?;
    let current = Version(newest.unsigned_abs());
    if current != expected {
        return Ok(Written::Conflict(current));
    }
    let next = newest + 1;
    connection.execute(
        "INSERT INTO secret_version (path, version, data) VALUES (?1, ?2, ?3)",
        params![path, next, text],
    )?;
    connection.execute(
        "DELETE FROM secret_version WHERE path = ?1 AND version <= ?2",
        params![path, next - KEPT_VERSIONS],
    )?;
    connection.execute(
        "INSERT OR IGNORE INTO meta (name, value)
         VALUES ('first_written_at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
        [],
    )?;
    Ok(Written::As(Version(next.unsigned_abs())))
}

/// Whether anything was ever written, even if it is gone now.
pub(super) fn was_written(connection: &Connection) -> Result<bool> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'first_written_at')", [], |row| row.get(0))
}

/// Whose records these are, if somebody has said so.
pub(super) fn owner(connection: &Connection) -> Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE name = 'owner'", [], |row| row.get(0)).optional()
}

/// Notes whose records these are.
pub(super) fn set_owner(connection: &Connection, owner: &str) -> Result<()> {
    connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('owner', ?1)", [owner])?;
    Ok(())
}

/// Marks the newest version as deleted; older ones are not read any more
/// either.
pub(super) fn delete(connection: &Connection, path: &str) -> Result<()> {
    connection.execute(
        "UPDATE secret_version SET deleted_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
         WHERE path = ?1 AND deleted_at IS NULL
           AND version = (SELECT max(version) FROM secret_version WHERE path = ?1)",
        [path],
    )?;
    Ok(())
}

/// Removes all versions.
pub(super) fn purge(connection: &Connection, path: &str) -> Result<()> {
    connection.execute("DELETE FROM secret_version WHERE path = ?1", [path])?;
    Ok(())
}

/// The names directly below a folder. Jumps from name to name, so that what
/// lies below a name costs nothing.
pub(super) fn children(connection: &Connection, folder: &str) -> Result<Vec<String>> {
    let prefix = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let mut next =
        connection.prepare("SELECT path FROM secret_version WHERE path >= ?1 ORDER BY path LIMIT 1")?;
    let mut names = Vec::new();
    let mut from = prefix.clone();
    loop {
        let found: Option<String> = next.query_row([&from], |row| row.get(0)).optional()?;
        let Some(below) = found.as_deref().and_then(|path| path.strip_prefix(&prefix)) else {
            return Ok(names);
        };
        let name = match below.split_once('/') {
            // `0` follows `/`: the first path after all that begin with this.
            Some((name, _)) => {
                from = format!("{prefix}{name}0");
                format!("{name}/")
            }
            // The first path after this one; no path holds a NUL.
            None => {
                from = format!("{prefix}{below}\0");
                below.to_owned()
            }
        };
        names.push(name);
    }
}
