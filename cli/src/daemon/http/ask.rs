//! Asking for a run.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use reconciler_core::manager::{Asked, NoRun};
use serde::{Deserialize, Serialize};

use super::document::Document;
use super::problem::Problem;
use super::serve::Client;
use crate::daemon::board::Board;

/// How long a body may be, in bytes: there is nothing to say yet.
const LONGEST_BODY: usize = 16 * 1024;

/// What may be said of the run: nothing so far.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {}

#[derive(Serialize)]
struct Answer {
    run_id: String,
    joined: bool,
}

pub(super) async fn reconcile(
    State(board): State<Arc<Board>>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if let Err(problem) = read(&headers, body).await {
        return problem.into_response();
    }
    match board.requests.ask(Utc::now()) {
        Ok(Asked { run_id, joined }) => {
            let client = client.map(|Extension(Client(address))| address.to_string()).unwrap_or_default();
            tracing::info!(run_id, joined, client, "a run was asked for over HTTP");
            Document::new("Asked", Answer { run_id, joined })
                .with_status(StatusCode::ACCEPTED)
                .into_response()
        }
        Err(why @ NoRun::Disabled) => {
            let advice = "set `enabled: true` and reload with SIGHUP";
            Problem::new(StatusCode::CONFLICT, "disabled", why.to_string()).advise(advice).into_response()
        }
        Err(why @ NoRun::Stopping) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", why.to_string()).into_response()
        }
    }
}

/// Reads the wish. A form of another site cannot send this media type without
/// being asked first, and nobody answers that here.
async fn read(headers: &HeaderMap, body: Body) -> Result<(), Problem> {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let message = "the body has to be JSON";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", message)
            .advise("send `Content-Type: application/json` and the body `{}`"));
    }
    let body = axum::body::to_bytes(body, LONGEST_BODY).await.map_err(|_| {
        let message = format!("the body has more than {LONGEST_BODY} bytes, or broke off");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message).advise("send the body `{}`")
    })?;
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    let refused = |message: String| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-body", message).advise("send the body `{}`")
    };
    // An empty list would do for an empty object.
    if !body.trim_ascii().starts_with(b"{") {
        return Err(refused("that is no object".to_owned()));
    }
    serde_json::from_slice::<Wish>(&body).map(|Wish {}| ()).map_err(|error| {
        refused(format!("line {}, column {}: that is no object without fields", error.line(), error.column()))
    })
}
