//! The journal of runs: what each did, what it decided, and how it ended.

use std::io::{Read as _, Write as _};

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use sha2::{Digest as _, Sha256};

use super::columns;
use crate::model::JsonObject;
use crate::ports::{DecisionEntry, RunEntry, RunSummary};

/// What later releases than the first know of a run. A fleet at rest is decided
/// the same way run after run: its decisions are kept once, by their digest.
pub(super) const UPGRADE: &str = "
    ALTER TABLE run ADD COLUMN started_by TEXT;
    ALTER TABLE run ADD COLUMN error TEXT;
    ALTER TABLE run ADD COLUMN chain TEXT;
    ALTER TABLE run ADD COLUMN phases TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE run ADD COLUMN decisions TEXT;
    CREATE TABLE decision_set (
        digest TEXT PRIMARY KEY,
        body BLOB NOT NULL
    ) STRICT;
";

/// What a difference with a run is explained by. The rules of a chain are kept
/// once: its fingerprint says that they are the same.
pub(super) const RULES_UPGRADE: &str = "
    ALTER TABLE run ADD COLUMN decided_by_index TEXT;
    CREATE TABLE rule_set (
        chain TEXT PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT;
";

/// Writes a run, or replaces the one of the same id.
pub(super) fn record(connection: &Connection, run: &RunEntry) -> Result<()> {
    let findings: Vec<String> = run.findings.iter().map(JsonObject::to_text).collect();
    connection.execute(
        "INSERT INTO run
             (run_id, started_at, finished_at, outcome, complete, counts, findings,
              started_by, error, chain, phases, decided_by_index)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (run_id) DO UPDATE SET
             started_at = excluded.started_at,
             finished_at = excluded.finished_at,
             outcome = excluded.outcome,
             complete = excluded.complete,
             counts = excluded.counts,
             findings = excluded.findings,
             started_by = excluded.started_by,
             error = excluded.error,
             chain = excluded.chain,
             phases = excluded.phases,
             decided_by_index = excluded.decided_by_index",
        params![
            run.run_id,
            columns::instant_text(run.started_at),
            run.finished_at.map(columns::instant_text),
            run.outcome,
            run.complete,
            run.counts.to_text(),
            format!("[{}]", findings.join(",")),
            run.trigger,
            run.error,
            run.chain,
            columns::json_text(&run.phases),
            run.index,
        ],
    )?;
    Ok(())
}

/// Keeps what a run decided.
pub(super) fn record_decisions(
    connection: &Connection,
    run_id: &str,
    decisions: &[DecisionEntry],
) -> Result<()> {
    let text = columns::json_text(decisions);
    let digest: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    let known: Option<i64> = connection
        .query_row("SELECT 1 FROM decision_set WHERE digest = ?1", [&digest], |row| row.get(0))
        .optional()?;
    if known.is_none() {
        let body = packed(&text).map_err(|error| columns::bad_text(1, error))?;
        connection
            .execute("INSERT INTO decision_set (digest, body) VALUES (?1, ?2)", params![digest, body])?;
    }
    connection.execute("UPDATE run SET decisions = ?2 WHERE run_id = ?1", params![run_id, digest])?;
    Ok(())
}

/// Keeps the rules of a chain, unless they are kept already.
pub(super) fn record_rules(connection: &Connection, chain: &str, rules: &JsonObject) -> Result<()> {
    let insert = "INSERT OR IGNORE INTO rule_set (chain, body) VALUES (?1, ?2)";
    connection.execute(insert, params![chain, rules.to_text()]).map(drop)
}

/// The rules of a chain.
pub(super) fn rules_of(connection: &Connection, chain: &str) -> Result<Option<JsonObject>> {
    if !connection.table_exists(None, "rule_set")? {
        return Ok(None);
    }
    let select = "SELECT body FROM rule_set WHERE chain = ?1";
    connection.query_row(select, [chain], |row| columns::json(row, 0)).optional()
}

/// The newest runs, newest first: in the order that they were begun to be written
/// in, because the clock of one may have been wrong. Their findings, which may be
/// many, are counted where they are.
pub(super) fn newest(connection: &Connection, limit: usize) -> Result<Vec<RunSummary>> {
    let count = "coalesce(json_extract(counts, '$.findings'), json_array_length(findings))";
    let select = select(connection, count)?;
    connection
        .prepare(&format!("{select} ORDER BY rowid DESC LIMIT ?1"))?
        .query_map([bound(limit)], |row| {
            entry(row, |at| Ok(usize::try_from(row.get::<_, i64>(at)?).unwrap_or_default()))
        })?
        .collect()
}

/// The run of an id.
pub(super) fn of_id(connection: &Connection, run_id: &str) -> Result<Option<RunEntry>> {
    let select = select(connection, "findings")?;
    let whole = |row: &Row<'_>| entry(row, |at| columns::json(row, at));
    connection.query_row(&format!("{select} WHERE run_id = ?1"), [run_id], whole).optional()
}

/// What a run decided.
pub(super) fn decisions_of(connection: &Connection, run_id: &str) -> Result<Option<Vec<DecisionEntry>>> {
    if !is_upgraded(connection)? {
        return Ok(None);
    }
    let body: Option<Vec<u8>> = connection
        .query_row(
            "SELECT body FROM run JOIN decision_set ON digest = decisions WHERE run_id = ?1",
            [run_id],
            |row| row.get(0),
        )
        .optional()?;
    body.map(|body| {
        let text = unpacked(&body).map_err(|error| columns::bad_text(0, error))?;
        serde_json::from_str(&text).map_err(|error| columns::bad_text(0, error))
    })
    .transpose()
}

/// A file of an older release that was opened for reading lacks what came later.
fn is_upgraded(connection: &Connection) -> Result<bool> {
    connection.table_exists(None, "decision_set")
}

fn select(connection: &Connection, findings: &str) -> Result<String> {
    let later = match is_upgraded(connection)? {
        true => "started_by, error, chain, phases",
        false => "NULL, NULL, NULL, '[]'",
    };
    let index = match connection.column_exists(None, "run", "decided_by_index")? {
        true => "decided_by_index",
        false => "NULL",
    };
    Ok(format!(
        "SELECT run_id, started_at, finished_at, outcome, complete, counts, {findings}, {later}, {index} FROM run"
    ))
}

/// A run of a row; how its findings are read is said.
fn entry<F>(row: &Row<'_>, findings: impl Fn(usize) -> Result<F>) -> Result<RunEntry<F>> {
    Ok(RunEntry {
        run_id: row.get(0)?,
        started_at: columns::instant(row, 1)?,
        finished_at: columns::instant_or_none(row, 2)?,
        outcome: row.get(3)?,
        complete: row.get(4)?,
        counts: columns::json(row, 5)?,
        findings: findings(6)?,
        trigger: row.get(7)?,
        error: row.get(8)?,
        chain: row.get(9)?,
        phases: columns::json(row, 10)?,
        index: row.get(11)?,
    })
}

/// Removes all but the newest `keep` runs, what started before `oldest`, and
/// the decisions and rules that no run is left for.
pub(super) fn prune(connection: &Connection, keep: usize, oldest: DateTime<Utc>) -> Result<usize> {
    let removed = connection.execute(
        "DELETE FROM run
         WHERE started_at < ?1
            OR rowid NOT IN (SELECT rowid FROM run ORDER BY rowid DESC LIMIT ?2)",
        params![columns::instant_text(oldest), bound(keep)],
    )?;
    connection.execute(
        "DELETE FROM decision_set
         WHERE digest NOT IN (SELECT decisions FROM run WHERE decisions IS NOT NULL)",
        [],
    )?;
    connection.execute(
        "DELETE FROM rule_set WHERE chain NOT IN (SELECT chain FROM run WHERE chain IS NOT NULL)",
        [],
    )?;
    Ok(removed)
}

fn bound(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn packed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes())?;
    packer.finish()
}

fn unpacked(body: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text)?;
    Ok(text)
}
