//! Carries requests from the network to the state, through the faults.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::stream;

use super::dispatch;
use super::exchange::{Answer, Request, Route};
use super::fault::Effect;
use super::state::State;
use crate::line::Cutter;

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
        Router::new().fallback(serve).layer(axum::extract::DefaultBodyLimit::disable()).with_state(self)
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
    body: Bytes,
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
            cutter.reset();
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
            cutter.reset();
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
            respond_in_part(answer, cutter)
        }
        _ => respond(server.work(route, &request)),
    }
}

fn respond(answer: Answer) -> Response {
    let body = Body::from(answer.body.clone());
    respond_with(answer, body)
}

/// An answer whose connection breaks after half of its body.
fn respond_in_part(answer: Answer, cutter: Cutter) -> Response {
    let half = Bytes::copy_from_slice(&answer.body.as_bytes()[..answer.body.len() / 2]);
    let steps = stream::unfold((Some(half), cutter), |(half, cutter)| async move {
        if let Some(half) = half {
            return Some((Ok(half), (None, cutter)));
        }
        // Lets what was written leave before the connection breaks.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        cutter.reset();
        Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), (None, cutter)))
    });
    let mut answer = answer;
    answer.headers.push(("content-length", answer.body.len().to_string()));
    respond_with(answer, Body::from_stream(steps))
}

fn respond_with(answer: Answer, body: Body) -> Response {
    let mut response = Response::builder().status(answer.status);
    if !answer.body.is_empty() {
        response = response.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(body).expect("status and headers of the fake are valid")
}
