//! A service broker in the process of the test: `GET /v2/catalog` with basic
//! authentication, the check of `X-Broker-API-Version`, and faults on demand.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::certificates::CertificateKind;
use crate::line::Cutter;
use crate::serving::{Port, Serving};

/// What goes wrong with a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerFault {
    /// This status with this body.
    Answer(u16, String),
    /// A reset in the place of an answer.
    Reset,
}

/// What a fake broker holds.
#[derive(Debug, Clone)]
pub struct BrokerState {
    /// The body of the catalog.
    pub catalog: Value,
    /// The user.
    pub username: String,
    /// The password.
    pub password: String,
    /// Refuses requests that do not say their version, with 412. Blacksmith
    /// adds one in silence.
    pub wants_version: bool,
}

impl BrokerState {
    /// A broker with services, plans by their bare ids: as Blacksmith does, a
    /// plan's id is announced with the service's in front.
    #[must_use]
    pub fn offering(services: &[(&str, &[&str])]) -> Self {
        let services: Vec<Value> = services
            .iter()
            .map(|(id, plans)| {
                let plans: Vec<Value> = plans
                    .iter()
                    .map(|plan| json!({"id": format!("{id}-{plan}"), "name": plan, "free": true}))
                    .collect();
                json!({"id": id, "name": id, "bindable": true, "tags": [id], "plans": plans})
            })
            .collect();
        Self {
            catalog: json!({"services": services}),
            username: "blacksmith".to_owned(),
            password: "blacksmith".to_owned(),
            wants_version: false,
        }
    }
}

#[derive(Debug)]
struct Inner {
    state: BrokerState,
    faults: Vec<BrokerFault>,
    versions: Vec<Option<String>>,
}

#[derive(Debug, Clone)]
struct Server(Arc<Mutex<Inner>>);

impl Server {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A broker on a loopback port. It ends when it is dropped.
#[derive(Debug)]
pub struct FakeBroker {
    server: Server,
    origin: String,
    ca_pem: Option<String>,
    _serving: Serving,
}

impl FakeBroker {
    /// Starts one over plain HTTP on a free port.
    #[must_use]
    pub fn start(state: BrokerState) -> Self {
        Self::start_at(state, 0, None)
    }

    /// Starts one on a port (a free one for 0), over TLS if a certificate is
    /// named.
    #[must_use]
    pub fn start_at(state: BrokerState, port: u16, tls: Option<CertificateKind>) -> Self {
        let port = Port::take(port, tls);
        let server = Server(Arc::new(Mutex::new(Inner { state, faults: Vec::new(), versions: Vec::new() })));
        let router = Router::new().fallback(serve).with_state(server.clone());
        Self {
            server,
            origin: port.origin().to_owned(),
            ca_pem: port.ca_pem(),
            _serving: port.serve("fake-broker", router),
        }
    }

    /// Its address, without `/v2/catalog`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.origin
    }

    /// The CA to trust, as PEM, over TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The next requests meet these faults, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = BrokerFault>) {
        self.server.lock().faults.extend(faults);
    }

    /// Looks at or changes what it holds.
    pub fn change<T>(&self, change: impl FnOnce(&mut BrokerState) -> T) -> T {
        change(&mut self.server.lock().state)
    }

    /// The versions of the API that requests asked for, one each.
    #[must_use]
    pub fn versions_asked(&self) -> Vec<Option<String>> {
        self.server.lock().versions.clone()
    }
}

async fn serve(
    Shared(server): Shared<Server>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let inner = &mut *server.lock();
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
    let version = text("x-broker-api-version");
    inner.versions.push(version.clone());
    if !inner.faults.is_empty() {
        match inner.faults.remove(0) {
            BrokerFault::Reset => cutter.reset(),
            BrokerFault::Answer(status, body) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
                return (status, body).into_response();
            }
        }
    }
    let state = &inner.state;
    let pair = format!("{}:{}", state.username, state.password);
    let expected = format!("Basic {}", BASE64_STANDARD.encode(pair));
    match text(header::AUTHORIZATION.as_str()) {
        None => return (StatusCode::UNAUTHORIZED, "Not Authorized").into_response(),
        Some(given) if given != expected => {
            return (StatusCode::UNAUTHORIZED, "Not Authorized").into_response();
        }
        Some(_) => {}
    }
    if state.wants_version && version.is_none() {
        let body = json!({"description": "X-Broker-API-Version Header not set"});
        return (StatusCode::PRECONDITION_FAILED, body.to_string()).into_response();
    }
    if method != Method::GET || uri.path() != "/v2/catalog" {
        return (StatusCode::NOT_FOUND, "404 page not found").into_response();
    }
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, state.catalog.to_string()).into_response()
}
