//! What the daemon answers over HTTP. `app` is the whole of it; serving it is
//! apart, so that tests need no socket.

mod ask;
mod document;
mod gate;
mod look;
mod problem;
mod run_page;
mod seats;
mod serve;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::board::Board;

pub(crate) use self::serve::{Bound, Listening};

/// Everything that is answered.
pub(crate) fn app(board: Arc<Board>) -> Router {
    let gated = Router::new()
        .route("/metrics", get(look::exposition))
        .route("/api/v1/status", get(look::status))
        .route("/api/v1/metrics", get(look::metrics))
        .route("/api/v1/runs", get(look::runs))
        .route("/api/v1/runs/{id}", get(run_page::run))
        .route("/api/v1/decisions", get(look::decisions))
        .route("/api/v1/decisions/{deployment}", get(look::decision))
        .route("/api/v1/orphans", get(look::orphans))
        .route("/api/v1/strategies", get(look::strategies))
        .route("/api/v1/config", get(look::config))
        .route("/api/v1/reconcile", post(ask::reconcile))
        .route_layer(from_fn_with_state(Arc::clone(&board), gate::token));
    Router::new()
        .route("/healthz", get(look::health))
        .route("/readyz", get(look::readiness))
        .merge(gated)
        .method_not_allowed_fallback(problem::wrong_method)
        .fallback(problem::unknown_path)
        .layer(from_fn_with_state(Arc::clone(&board), gate::host))
        .layer(axum::middleware::from_fn(gate::length))
        .layer(axum::middleware::from_fn(gate::time_limit))
        .layer(from_fn_with_state(Arc::clone(&board), gate::told))
        .with_state(board)
}
