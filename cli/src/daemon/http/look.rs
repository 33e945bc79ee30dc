//! What can be looked at. Everything comes from memory.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use reconciler_core::config::Settings;
use reconciler_core::manager::{AbsentInstance, RunReport, StrayDeployment, decision_entry};
use reconciler_core::matching::DecisionView;
use serde::{Deserialize, Serialize};

use super::document::Document;
use super::problem::Problem;
use crate::daemon::board::Board;
use crate::daemon::journal::JournalLine;
use crate::daemon::metrics;
use crate::daemon::view::{StatusView, readiness_of};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The program is alive.
pub(super) async fn health() -> impl IntoResponse {
    Document::new("Health", Health { status: "ok" })
}

/// Whether it does what it is for, and if not, why.
pub(super) async fn readiness(State(board): State<Arc<Board>>, headers: HeaderMap) -> Response {
    let mut readiness = readiness_of(&board);
    let guard = board.guard.get();
    let shown = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if guard.has_token() && !guard.knows(shown) {
        // A probe has no token; it needs the answer and not the words of others.
        readiness.withhold();
    }
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Document::new("Readiness", readiness).with_status(status).into_response()
}

pub(super) async fn exposition(State(board): State<Arc<Board>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], board.exposition())
}

pub(super) async fn status(State(board): State<Arc<Board>>) -> impl IntoResponse {
    Document::new("Status", StatusView::of(&board))
}

pub(super) async fn metrics(State(board): State<Arc<Board>>) -> impl IntoResponse {
    Document::new("Metrics", board.ledger.metrics())
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
}

/// The runs of the journal, and those of this process that have no place in
/// one.
pub(super) async fn runs(
    State(board): State<Arc<Board>>,
    page: Result<Query<Page>, QueryRejection>,
) -> Response {
    let Ok(Query(Page { limit })) = page else {
        let message = "`limit` is no whole number";
        return Problem::new(StatusCode::BAD_REQUEST, "bad-query", message).into_response();
    };
    let journal = board.journal.get();
    let mut lines: Vec<JournalLine> = journal.as_ref().clone();
    for record in board.ledger.runs() {
        if !lines.iter().any(|line| line.run_id == record.run_id) {
            // The journal has its runs in their order, whatever their clocks said.
            let at = lines.iter().position(|line| line.started_at < record.started_at);
            lines.insert(at.unwrap_or(lines.len()), record.into());
        }
    }
    lines.truncate(limit.unwrap_or(50));
    Document::new("Runs", lines).into_response()
}

/// The report of the last run, if there was one.
fn last_report(board: &Board) -> Result<Arc<Option<RunReport>>, Problem> {
    let report = board.report.get();
    if report.is_some() {
        return Ok(report);
    }
    let message = "no run has come to its end yet";
    Err(Problem::new(StatusCode::NOT_FOUND, "no-run-yet", message)
        .advise("GET /api/v1/status says how it stands, GET /api/v1/runs lists runs before this process"))
}

#[derive(Serialize)]
struct Decisions {
    run_id: String,
    chain: String,
    complete: bool,
    decisions: Vec<reconciler_core::ports::DecisionEntry>,
}

pub(super) async fn decisions(State(board): State<Arc<Board>>) -> Response {
    let report = match last_report(&board) {
        Ok(report) => report,
        Err(problem) => return problem.into_response(),
    };
    let Some(report) = report.as_ref() else { return StatusCode::NOT_FOUND.into_response() };
    Document::new(
        "Decisions",
        Decisions {
            run_id: report.run_id.clone(),
            chain: report.chain.clone(),
            complete: report.complete,
            decisions: report.decisions.iter().map(decision_entry).collect(),
        },
    )
    .into_response()
}

pub(super) async fn decision(
    State(board): State<Arc<Board>>,
    deployment: Result<Path<String>, PathRejection>,
) -> Response {
    let deployment = match deployment {
        Ok(Path(deployment)) => deployment,
        Err(rejection) => return Problem::from(rejection).into_response(),
    };
    let report = match last_report(&board) {
        Ok(report) => report,
        Err(problem) => return problem.into_response(),
    };
    let decisions = report.as_ref().as_ref().map(|report| report.decisions.as_slice()).unwrap_or_default();
    match decisions.iter().find(|decision| decision.deployment.as_str() == deployment) {
        Some(decision) => Document::new("Decision", DecisionView::of(decision)).into_response(),
        None => {
            let message = "the last run saw no deployment of that name";
            Problem::new(StatusCode::NOT_FOUND, "unknown-deployment", message)
                .advise("GET /api/v1/decisions lists those it saw")
                .into_response()
        }
    }
}

#[derive(Serialize)]
struct Orphans<'a> {
    run_id: &'a str,
    complete: bool,
    /// Entries of the index that no deployment speaks for.
    absent: &'a [AbsentInstance],
    /// Deployments that look like ours and have no instance.
    strays: &'a [StrayDeployment],
}

pub(super) async fn orphans(State(board): State<Arc<Board>>) -> Response {
    let report = match last_report(&board) {
        Ok(report) => report,
        Err(problem) => return problem.into_response(),
    };
    let Some(report) = report.as_ref() else { return StatusCode::NOT_FOUND.into_response() };
    let (run_id, complete) = (&report.run_id, report.complete);
    Document::new("Orphans", Orphans { run_id, complete, absent: &report.absent, strays: &report.strays })
        .into_response()
}

pub(super) async fn strategies(State(board): State<Arc<Board>>) -> impl IntoResponse {
    Document::new("Strategies", board.strategies.get().as_ref().clone())
}

#[derive(Serialize)]
struct SettingView {
    key: &'static str,
    value: Option<String>,
    origin: Option<String>,
}

/// The settings in force, secrets redacted, each with where it comes from.
pub(super) async fn config(State(board): State<Arc<Board>>) -> impl IntoResponse {
    let settings: Arc<Settings> = board.settings.get();
    let views: Vec<SettingView> = settings
        .entries()
        .map(|entry| SettingView {
            key: entry.spec().path,
            value: entry.shown(),
            origin: entry.origin().map(ToString::to_string),
        })
        .collect();
    Document::new("Config", views)
}
