//! What a request is told that cannot be answered.

use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Why a request is not answered, and what to do.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Problem {
    #[serde(skip)]
    status: StatusCode,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), advice: None }
    }

    pub(super) fn advise(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }
}

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    error: &'a Problem,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body { status: self.status.as_u16(), error: &self };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // What is left of a request that was not read belongs to nobody.
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A part of a path that is no text.
impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-path", "what the path names is no UTF-8 text")
            .advise("write other characters than letters and digits as %XX, in UTF-8")
    }
}

pub(super) async fn unknown_path(uri: Uri) -> Problem {
    let message = format!("there is nothing at {}", shown(uri.path()));
    Problem::new(StatusCode::NOT_FOUND, "unknown-path", message).advise(
        "paths are /healthz, /readyz, /metrics, and below /api/v1: status, metrics, runs, decisions, \
                 orphans, strategies, config, reconcile",
    )
}

pub(super) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let message = format!("{} does not answer {method}", shown(uri.path()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", message)
        .advise("ask for a run with POST /api/v1/reconcile, and for everything else with GET")
}

/// A path as it may be repeated to whoever sent it.
pub(super) fn shown(path: &str) -> String {
    path.chars().take(100).collect()
}
