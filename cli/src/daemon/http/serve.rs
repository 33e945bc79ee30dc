//! Serving: a listener, a certificate that can be replaced, a bound on everything
//! a client can hold on to.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use reconciler_core::manager::CancellationToken;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::seats::{Seats, Watched};
use crate::daemon::board::Current;
use crate::failure::Failure;
use crate::wiring::HttpRules;

/// How many clients are connected at one moment.
const CONNECTIONS: usize = 256;
/// How long a client may take to say what it wants, TLS included, and how long
/// it may be silent between two requests.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long one connection lives. Who hangs loses its place, who works comes
/// again.
const LIFE: Duration = Duration::from_secs(120);
/// What is given to answers under way when the connection ends.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// Where somebody asks from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client(pub(super) SocketAddr);

/// What is bound, for as long as the program runs: whether TLS is spoken there
/// stays as it is, and by which certificate does not.
#[derive(Clone)]
pub(crate) struct Bound {
    /// The address, with the port that it got.
    pub(crate) address: SocketAddr,
    certificate: Option<Arc<Current<TlsAcceptor>>>,
}

impl Bound {
    pub(crate) fn new(address: SocketAddr, acceptor: Option<TlsAcceptor>) -> Self {
        Self { address, certificate: acceptor.map(|acceptor| Arc::new(Current::new(acceptor))) }
    }

    /// Scheme, address and port.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Shows another certificate to whoever connects from now on. `false` if
    /// that would begin or end TLS, which takes a restart.
    pub(crate) fn show(&self, acceptor: Option<TlsAcceptor>) -> bool {
        match (&self.certificate, acceptor) {
            (Some(certificate), Some(acceptor)) => {
                certificate.set(acceptor);
                true
            }
            (None, None) => true,
            _ => false,
        }
    }
}

/// A listener that is bound and not served yet.
pub(crate) struct Listening {
    listener: TcpListener,
    bound: Bound,
}

impl Listening {
    /// Binds, by rules that were found to be safe.
    pub(crate) async fn bind(rules: HttpRules) -> Result<Self, Failure> {
        let HttpRules { wanted, acceptor, .. } = rules;
        let refused = |error: std::io::Error| {
            let message = format!("failed to listen at {wanted}: {error}");
            match error.kind() {
                // What is there may go, and what is not up yet may come.
                ErrorKind::AddrInUse => Failure::remote(
                    message,
                    "another program is there, perhaps another daemon; choose another port with `http.listen`",
                ),
                ErrorKind::AddrNotAvailable => Failure::remote(
                    message,
                    "this machine does not have the address, or not yet; name one that it has as `http.listen`",
                ),
                _ => Failure::told(message, "name another address or port as `http.listen`"),
            }
        };
        let listener = TcpListener::bind(wanted).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, bound: Bound::new(address, acceptor) })
    }

    /// What is bound.
    pub(crate) fn bound(&self) -> Bound {
        self.bound.clone()
    }

    /// Serves until it is stopped.
    pub(crate) async fn serve(self, app: Router, stop: CancellationToken) {
        let seats = Seats::new(CONNECTIONS);
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            let (stream, client) = match accepted {
                Ok((stream, address)) => (stream, Client(address)),
                Err(error) => {
                    // Too many open files, most often: air first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            // Small answers, at once; a failure costs a moment and nothing else.
            let _ = stream.set_nodelay(true);
            let stream = seats.watch(stream);
            let acceptor = self.bound.certificate.as_ref().map(|certificate| certificate.get());
            seats.seat(stream.life(), connection(stream, acceptor, client, app.clone(), stop.clone()));
        }
    }
}

async fn connection(
    stream: Watched<TcpStream>,
    acceptor: Option<Arc<TlsAcceptor>>,
    client: Client,
    app: Router,
    stop: CancellationToken,
) {
    match acceptor {
        None => exchange(stream, client, app, stop).await,
        Some(acceptor) => match tokio::time::timeout(HEADER_TIME, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => exchange(stream, client, app, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client could not agree on TLS"),
            Err(_) => tracing::debug!("a client was too slow for TLS"),
        },
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    client: Client,
    app: Router,
    stop: CancellationToken,
) {
    let app = TowerToHyperService::new(app);
    let app = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(client);
        app.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), app);
    let mut served = std::pin::pin!(served);
    tokio::select! {
        done = served.as_mut() => return told(done),
        () = stop.cancelled() => {}
        () = tokio::time::sleep(LIFE) => {}
    }
    served.as_mut().graceful_shutdown();
    if let Ok(done) = tokio::time::timeout(LAST_MOMENT, served).await {
        told(done);
    }
}

fn told(done: Result<(), hyper::Error>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a connection ended early");
    }
}
