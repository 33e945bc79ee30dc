//! Carries requests from the network to the state, through the faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::any;

use super::dispatch;
use super::exchange::{Answer, Request, Route};
use super::fault::Effect;
use super::line::Cutter;
use super::state::State;

/// The state, shared between the server and the test.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) state: Arc<Mutex<State>>,
    /// The path in front of `/v1/`.
    pub(crate) base: String,
}

impl Server {
    /// The state. A test that panicked elsewhere does not hide it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The routes: one, because mounts decide what a path means.
    pub(crate) fn router(self) -> Router {
        let every = any(serve).fallback(serve);
        Router::new()
            .route("/", every.clone())
            .route("/{*path}", every)
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self)
    }

    /// Counts a request and asks for its fault.
    fn receive(&self, request: &Request) -> (Route, Option<Effect>) {
        let state = &mut *self.state();
        let route = dispatch::route(state, request);
        *state.counts.entry(route).or_default() += 1;
        if let Some(token) = &request.token
            && !state.tokens_seen.contains(token)
        {
            state.tokens_seen.push(token.clone());
        }
        let effect = state.faults.meet(route, &request.path);
        if matches!(effect, Some(Effect::RevokeGiven)) {
            state.tokens.revoke_given();
        }
        (route, effect)
    }

    fn work(&self, route: Route, request: &Request) -> Answer {
        let state = &mut *self.state();
        let behind = state.index.is_some_and(|index| {
            request.index.as_ref().is_some_and(|seen| seen.parse::<u64>().is_ok_and(|seen| seen > index))
        });
        if behind {
            return Answer::errors(412, &["required index state not present"]);
        }
        dispatch::answer(state, route, request)
    }
}

async fn serve(
    Shared(server): Shared<Server>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let Some(request) = Request::read(&method, &uri, &headers, &body, &server.base) else {
        let mut page = Response::new(Body::from("<html>404 page not found</html>"));
        *page.status_mut() = StatusCode::NOT_FOUND;
        return page;
    };
    let (route, effect) = server.receive(&request);
    let Some(effect) = effect else {
        return respond(server.work(route, &request));
    };
    if let Some(instead) = effect.instead(&request) {
        return respond(instead);
    }
    match effect {
        Effect::CutBefore => {
            cutter.cut_after(0);
            respond(Answer::empty())
        }
        Effect::Stall(delay) => {
            tokio::time::sleep(delay).await;
            respond(server.work(route, &request))
        }
        Effect::Late(delay) => {
            let answer = server.work(route, &request);
            tokio::time::sleep(delay).await;
            respond(answer)
        }
        Effect::CutAfter => {
            server.work(route, &request);
            cutter.cut_after(0);
            respond(Answer::empty())
        }
        Effect::FailAfter { status, errors } => {
            server.work(route, &request);
            let errors: Vec<_> = errors.iter().map(String::as_str).collect();
            respond(Answer::errors(status, &errors))
        }
        Effect::Truncate => {
            let mut answer = server.work(route, &request);
            answer.body.truncate(answer.body.len() / 2);
            respond(answer)
        }
        Effect::BreakBody => {
            let answer = server.work(route, &request);
            // Past the head, which is shorter than this, and into the body.
            cutter.cut_after(200 + answer.body.len() / 4);
            respond(answer)
        }
        _ => respond(server.work(route, &request)),
    }
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::builder().status(answer.status);
    if !answer.body.is_empty() {
        response = response.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).expect("status and headers of the fake are valid")
}
