//! What a request has to pass before it is answered: the name it calls us by,
//! the token, the length, the time.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::problem::{self, Problem};
use super::serve::Client;
use crate::daemon::board::Board;

/// How long a request may take, its body included.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long an address may be, in bytes; ours are much shorter.
const LONGEST_ADDRESS: usize = 4 * 1024;

/// Has the log tell of who was not let in, so that somebody who tries is seen.
pub(super) async fn told(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    let client = request.extensions().get::<Client>().copied();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    let is_refused = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST
    );
    if is_refused && let Some(untold) = board.refusals.pass(Instant::now()) {
        let client = client.map(|Client(address)| address.to_string()).unwrap_or_default();
        let (path, status) = (problem::shown(uri.path()), response.status().as_u16());
        tracing::warn!(client, %method, path, status, untold, "a request was refused");
    }
    response
}

/// Refuses an address that nothing here has.
pub(super) async fn length(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if length <= LONGEST_ADDRESS {
        return next.run(request).await;
    }
    let message = format!("the address has {length} bytes, and none here has more than {LONGEST_ADDRESS}");
    Problem::new(StatusCode::URI_TOO_LONG, "too-long", message).into_response()
}

/// Ends a request that takes too long.
pub(super) async fn time_limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIME_LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!("the request was not complete within {} s", TIME_LIMIT.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", message).into_response()
        }
    }
}

/// Lets in who calls us by a name of ours: a page of another site, whose name
/// was made to point here, does not.
pub(super) async fn host(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    if request.headers().get_all(header::HOST).iter().nth(1).is_some() {
        let message = "the request names its host more than once";
        return Problem::new(StatusCode::BAD_REQUEST, "two-hosts", message).into_response();
    }
    let named = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(header::HOST).and_then(|host| host.to_str().ok()));
    match named {
        Some(host) if board.guard.get().is_named(host) => next.run(request).await,
        Some(_) => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong-host",
            "this is not the host that was asked for",
        )
        .advise("call it by a loopback address, or add the name to `http.allowed_hosts`")
        .into_response(),
        None => Problem::new(StatusCode::BAD_REQUEST, "no-host", "the request names no host").into_response(),
    }
}

/// Lets in who shows the token, if there is one. What changes something wants
/// one in any case.
pub(super) async fn token(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    let guard = board.guard.get();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if !guard.has_token() {
        if !changes {
            return next.run(request).await;
        }
        return Problem::new(
            StatusCode::FORBIDDEN,
            "no-token-configured",
            "no token is configured, so nobody may ask for a run here",
        )
        .advise("set `http.token_file` (or `http.token`) and reload, or send SIGUSR1")
        .into_response();
    }
    let shown = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if guard.knows(shown) {
        return next.run(request).await;
    }
    let message = match shown {
        Some(_) => "the token is not the one that is configured",
        None => "a token is needed",
    };
    Problem::new(StatusCode::UNAUTHORIZED, "bad-token", message)
        .advise("send `Authorization: Bearer …` with what `http.token` or `http.token_file` says")
        .into_response()
}
