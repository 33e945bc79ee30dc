//! Serving: a listener, a bound on everything a client can hold on to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use reconciler_core::manager::CancellationToken;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;
use crate::wiring::HttpRules;

/// How many clients are connected at one moment; more wait at the door.
const CONNECTIONS: usize = 256;
/// How long a client may take to say what it wants, TLS included, and how long
/// it may be silent between two requests.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long one connection lives. Who hangs loses its place, who works comes
/// again.
const LIFE: Duration = Duration::from_secs(120);
/// What is given to answers under way when the connection ends.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// A listener that is bound and not served yet.
pub(crate) struct Listening {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    address: SocketAddr,
}

impl Listening {
    /// Binds, by rules that were found to be safe.
    pub(crate) async fn bind(rules: HttpRules) -> Result<Self, Failure> {
        let HttpRules { wanted, acceptor, .. } = rules;
        let refused = |error: std::io::Error| {
            Failure::told(
                format!("failed to listen at {wanted}: {error}"),
                "another program may be there, perhaps another daemon; choose another port with `http.listen`",
            )
        };
        let listener = TcpListener::bind(wanted).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, acceptor, address })
    }

    /// Where it listens, with the port that it got.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, address and port.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.acceptor.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until it is stopped.
    pub(crate) async fn serve(self, app: Router, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Too many open files, most often: air first.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            let (app, acceptor, stop) = (app.clone(), self.acceptor.clone(), stop.clone());
            tokio::spawn(async move {
                let _place = place;
                connection(stream, acceptor, app, stop).await;
            });
        }
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, app: Router, stop: CancellationToken) {
    // Small answers, at once; a failure costs a moment and nothing else.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => exchange(stream, app, stop).await,
        Some(acceptor) => match tokio::time::timeout(HEADER_TIME, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => exchange(stream, app, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client could not agree on TLS"),
            Err(_) => tracing::debug!("a client was too slow for TLS"),
        },
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    app: Router,
    stop: CancellationToken,
) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
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
