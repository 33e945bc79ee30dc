//! One run: waiting, under way, or what the journal says of it.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reconciler_core::ports::{DecisionEntry, RunEntry};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::document::Document;
use super::problem::Problem;
use crate::daemon::board::Board;
use crate::daemon::journal::JournalLine;
use crate::wiring::RunPage;

/// The journal is a file: one reader at a time, away from what answers others.
static READERS: Semaphore = Semaphore::const_new(1);

#[derive(Serialize)]
struct Waiting {
    run_id: String,
    state: &'static str,
}

#[derive(Serialize)]
struct InMemory {
    state: &'static str,
    #[serde(flatten)]
    run: JournalLine,
    errors: Vec<String>,
}

#[derive(Serialize)]
struct InJournal {
    state: &'static str,
    #[serde(flatten)]
    run: RunEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<Vec<DecisionEntry>>,
}

pub(super) async fn run(
    State(board): State<Arc<Board>>,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    let id = match id {
        Ok(Path(id)) => id,
        Err(rejection) => return Problem::from(rejection).into_response(),
    };
    if board.requests.is_waiting(&id) {
        return Document::new("Run", Waiting { run_id: id, state: "waiting" }).into_response();
    }
    if board.ledger.under_way().is_some_and(|begun| begun.run_id == id) {
        return Document::new("Run", Waiting { run_id: id, state: "running" }).into_response();
    }
    match in_journal(&board, &id).await {
        Ok(Some(page)) => return Document::new("Run", page).into_response(),
        Ok(None) => {}
        Err(problem) => return problem.into_response(),
    }
    let record = board.ledger.runs().into_iter().find(|record| record.run_id == id);
    match record {
        Some(record) => {
            let errors = record.errors.clone();
            Document::new("Run", InMemory { state: "ended", run: record.into(), errors }).into_response()
        }
        None => Problem::new(StatusCode::NOT_FOUND, "unknown-run", "the journal has no such run")
            .advise("GET /api/v1/runs lists those it has")
            .into_response(),
    }
}

async fn in_journal(board: &Board, id: &str) -> Result<Option<InJournal>, Problem> {
    let place = board.journal_place.get();
    let Some(place) = place.as_ref().clone() else { return Ok(None) };
    let _only = READERS.acquire().await;
    let wanted = id.to_owned();
    let read = tokio::task::spawn_blocking(move || place.page(&wanted)).await;
    let unreadable = |why: String| {
        tracing::warn!("the journal could not be read: {why}");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "journal",
            "the journal could not be read; the log says why",
        )
    };
    let page = read
        .map_err(|error| unreadable(error.to_string()))?
        .map_err(|error| unreadable(error.to_string()))?;
    Ok(page.map(|RunPage { run, decisions, .. }| {
        let state = if run.finished_at.is_some() { "ended" } else { "unfinished" };
        InJournal { state, run, decisions }
    }))
}
