//! The journal of runs: what each did and how it ended.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Result, Row, params};

use super::columns;
use crate::model::JsonObject;
use crate::ports::RunEntry;

/// Writes a run, or replaces the one of the same id.
pub(super) fn record(connection: &Connection, run: &RunEntry) -> Result<()> {
    let findings: Vec<String> = run.findings.iter().map(JsonObject::to_text).collect();
    connection.execute(
        "INSERT INTO run
             (run_id, started_at, finished_at, outcome, complete, counts, findings)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (run_id) DO UPDATE SET
             started_at = excluded.started_at,
             finished_at = excluded.finished_at,
             outcome = excluded.outcome,
             complete = excluded.complete,
             counts = excluded.counts,
             findings = excluded.findings",
        params![
            run.run_id,
            columns::instant_text(run.started_at),
            run.finished_at.map(columns::instant_text),
            run.outcome,
            run.complete,
            run.counts.to_text(),
            format!("[{}]", findings.join(",")),
        ],
    )?;
    Ok(())
}

/// The newest runs, newest first.
pub(super) fn newest(connection: &Connection, limit: usize) -> Result<Vec<RunEntry>> {
    connection
        .prepare(
            "SELECT run_id, started_at, finished_at, outcome, complete, counts, findings
             FROM run ORDER BY started_at DESC, rowid DESC LIMIT ?1",
        )?
        .query_map([bound(limit)], entry)?
        .collect()
}

fn entry(row: &Row<'_>) -> Result<RunEntry> {
    Ok(RunEntry {
        run_id: row.get(0)?,
        started_at: columns::instant(row, 1)?,
        finished_at: columns::instant_or_none(row, 2)?,
        outcome: row.get(3)?,
        complete: row.get(4)?,
        counts: columns::json(row, 5)?,
        findings: columns::json(row, 6)?,
    })
}

/// Removes all but the newest `keep` runs, and what started before `oldest`.
pub(super) fn prune(connection: &Connection, keep: usize, oldest: DateTime<Utc>) -> Result<usize> {
    connection.execute(
        "DELETE FROM run
         WHERE started_at < ?1
            OR rowid NOT IN (SELECT rowid FROM run
                             ORDER BY started_at DESC, rowid DESC LIMIT ?2)",
        params![columns::instant_text(oldest), bound(keep)],
    )
}

fn bound(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
