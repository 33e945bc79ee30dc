//! The document around every answer, as around those of the commands.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::output::SCHEMA_VERSION;

/// An answer with its kind.
pub(super) struct Document<T> {
    kind: &'static str,
    data: T,
    status: StatusCode,
}

impl<T> Document<T> {
    pub(super) fn new(kind: &'static str, data: T) -> Self {
        Self { kind, data, status: StatusCode::OK }
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

#[derive(Serialize)]
struct Body<'a, T> {
    schema_version: u32,
    kind: &'a str,
    data: &'a T,
}

impl<T: Serialize> IntoResponse for Document<T> {
    fn into_response(self) -> Response {
        let body = Body { schema_version: SCHEMA_VERSION, kind: self.kind, data: &self.data };
        let mut response = (self.status, axum::Json(body)).into_response();
        // What is shown is of this moment.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
