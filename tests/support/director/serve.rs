//! Carries requests from the network to the state, through the faults.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State as Shared};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use reconciler_core::ports::Clock;

use super::counters::{Counters, SeenRequest};
use super::exchange::{Answer, Delivery, Request};
use super::fault::{Fault, Injection};
use super::routes::{self, Place, Surroundings};
use super::state::DirectorState;
use crate::line::Cutter;

/// Everything behind the network.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) state: DirectorState,
    pub(super) counters: Counters,
    pub(super) injections: Vec<Injection>,
    pub(super) latency: Duration,
    /// How far its clock is ahead of the right time, in what it dates.
    pub(super) clock_ahead: TimeDelta,
}

/// What is shared between the server and the test.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) inner: Arc<Mutex<Inner>>,
    pub(super) clock: Arc<dyn Clock>,
    /// Scheme, host and port.
    pub(super) origin: String,
}

impl Server {
    /// A test that panicked elsewhere does not hide what is here.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn router(self) -> Router {
        Router::new().fallback(serve).layer(DefaultBodyLimit::disable()).with_state(self)
    }

    /// Counts a request, and finds the faults it meets.
    fn receive(&self, request: &Request, place: &Place, target: String) -> (Vec<Fault>, Duration) {
        let inner = &mut *self.lock();
        let counters = &mut inner.counters;
        *counters.by_route.entry(place.route).or_default() += 1;
        let text = |name| request.header(name).map(str::to_owned);
        counters.seen.push(SeenRequest {
            method: request.method.to_string(),
            target,
            route: place.route,
            authorization: text(header::AUTHORIZATION),
            has_referer: text(header::REFERER).is_some(),
        });
        if place.route != "/oauth/token" {
            counters.in_flight += 1;
            counters.most_in_flight = counters.most_in_flight.max(counters.in_flight);
        }
        let deployment = place.deployment.as_deref();
        let met = inner
            .injections
            .iter_mut()
            .filter_map(|injection| {
                let meets = injection.meets(place.route, deployment);
                meets.then(|| injection.fault.clone())
            })
            .collect();
        (met, inner.latency)
    }

    fn work(&self, place: &Place, request: &Request, body: &[u8], faults: &[Fault]) -> Answer {
        let now = self.clock.now().timestamp();
        let inner = &mut *self.lock();
        for fault in faults {
            fault.change(&mut inner.state);
        }
        if let Some(instead) = faults.iter().find_map(|fault| fault.instead(&request.raw_path)) {
            return instead;
        }
        let mut answer = if place.route == "/oauth/token" {
            inner.state.token_answer(request, body, now)
        } else {
            let mut around =
                Surroundings { origin: &self.origin, now, tasks_created: &mut inner.counters.tasks_created };
            routes::answer(&mut inner.state, place, request, &mut around)
        };
        for fault in faults {
            fault.spoil(&mut answer);
        }
        answer
    }
}

/// Ends the count of a request in flight, also when its connection is gone.
struct InFlight<'a>(&'a Server, bool);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.lock().counters.in_flight -= 1;
        }
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
    let request = Request::read(method, &uri, headers);
    let place = Place::of(&request);
    let (faults, latency) = server.receive(&request, &place, uri.to_string());
    let _in_flight = InFlight(&server, place.route != "/oauth/token");
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if faults.contains(&Fault::ResetBeforeHeaders) {
        cutter.reset();
    }
    let answer = server.work(&place, &request, &body, &faults);
    let date = server.clock.now() + server.lock().clock_ahead;
    respond(answer, &request, cutter, date)
}

fn respond(answer: Answer, request: &Request, cutter: Cutter, date: DateTime<Utc>) -> Response {
    let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let mut response = Response::builder().status(answer.status).header(header::DATE, date);
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let is_packed = answer.is_packed(request);
    let mut body = answer.body;
    if is_packed {
        body = pack(&body);
        response = response.header(header::CONTENT_ENCODING, "gzip").header(header::VARY, "Accept-Encoding");
    }
    if answer.delivery == Delivery::HalfPacked {
        body.truncate(body.len() / 2);
    }
    // What nginx packs has no length; neither has a 204.
    if answer.status != 204 && (!is_packed || answer.delivery == Delivery::HalfPacked) {
        response = response.header(header::CONTENT_LENGTH, body.len());
    }
    let body = match answer.delivery {
        Delivery::Whole | Delivery::HalfPacked if is_packed => {
            Body::from_stream(stream::iter([Ok::<_, std::io::Error>(Bytes::from(body))]))
        }
        Delivery::Whole | Delivery::HalfPacked => Body::from(body),
        delivery => half_body(body, delivery, cutter),
    };
    response.body(body).expect("status and headers of the fake are valid")
}

/// Half of a body, and then what the delivery says.
fn half_body(mut body: Vec<u8>, delivery: Delivery, cutter: Cutter) -> Body {
    body.truncate(body.len() / 2);
    let steps = stream::unfold((0, body, cutter), move |(step, body, cutter)| async move {
        match (step, delivery) {
            (0, _) => Some((Ok(Bytes::from(body)), (1, Vec::new(), cutter))),
            (_, Delivery::Stalled) => std::future::pending().await,
            _ => {
                // Lets what was written leave before the connection breaks.
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                if delivery == Delivery::Reset {
                    cutter.reset();
                }
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                Some((Err(broken), (2, body, cutter)))
            }
        }
    });
    Body::from_stream(steps)
}

fn pack(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(2));
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("memory takes what is written")
}
