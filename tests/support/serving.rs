//! A fake's server in a thread of its own, from its start to its end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;

use axum::Router;
use tokio::sync::oneshot;

use crate::certificates::{CertificateKind, Certificates};
use crate::line::{Cutter, Lines};

/// A port that is taken and not served yet, so that a fake knows its address
/// before it starts.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    certificates: Option<Certificates>,
    origin: String,
}

impl Port {
    /// Takes a loopback port, a free one for 0.
    ///
    /// # Panics
    /// If there is none to be had.
    #[must_use]
    pub fn take(port: u16, tls: Option<CertificateKind>) -> Self {
        let listener =
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).expect("a loopback port");
        let address = listener.local_addr().expect("a bound listener");
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self { listener, certificates: tls.map(Certificates::make), origin: format!("{scheme}://{address}") }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The CA a client has to be given, over TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        let certificates = self.certificates.as_ref()?;
        Some(certificates.ca_pem.clone())
    }

    /// A certificate and key that the server accepts of a client, over TLS.
    #[must_use]
    pub fn client_pem(&self) -> Option<String> {
        let certificates = self.certificates.as_ref()?;
        Some(certificates.client_pem.clone())
    }

    /// Serves. A handler finds the [`Cutter`] of its connection in
    /// `ConnectInfo`.
    ///
    /// # Panics
    /// If there is no thread to be had.
    #[must_use]
    pub fn serve(self, name: &str, router: Router) -> Serving {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(self, router, stopped))
            .expect("a thread");
        Serving { stop: Some(stop), thread: Some(thread) }
    }
}

/// A server at work. It ends when it is dropped.
#[derive(Debug)]
pub struct Serving {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server was printed by its thread.
            let _ended = thread.join();
        }
    }
}

fn run(port: Port, router: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        port.listener.set_nonblocking(true).expect("a listener that does not block");
        let acceptor = port.certificates.as_ref().map(Certificates::acceptor);
        let listener = tokio::net::TcpListener::from_std(port.listener).expect("a bound listener");
        let lines = Lines::new(listener, acceptor).expect("a bound listener");
        let service = router.into_make_service_with_connect_info::<Cutter>();
        tokio::select! {
            ended = async { axum::serve(lines, service).await } => {
                ended.expect("serving never ends by itself");
            }
            // An error is the sender dropped: the same wish.
            _ = stopped => {}
        }
    });
}
