//! One HTTP client with its certificates, proxy and time limits.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;

use super::{PemSource, ProxySettings, ServerName};
use crate::ports::{PortError, PortErrorKind};

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection, TLS included.
    pub connect: Duration,
    /// For the next bytes of an answer.
    pub read: Duration,
    /// For one try as a whole, from the connection to the last byte.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(60),
            whole: Duration::from_secs(120),
        }
    }
}

/// How the other side is reached and recognised.
#[derive(Debug, Clone, Default)]
pub struct ClientSettings {
    /// The CAs that are trusted. Given ones stand in the place of the system's,
    /// they do not add to them.
    pub ca: Option<PemSource>,
    /// Our own certificate, for a server that asks for one.
    pub certificate: Option<PemSource>,
    /// The private key of `certificate`, unless it is in the same text.
    pub key: Option<PemSource>,
    /// Another name than the host's for the handshake.
    pub server_name: Option<ServerName>,
    /// Accepts any certificate. Whoever sets this says so in every run.
    pub insecure: bool,
    /// The proxy. Environment variables are not looked at here.
    pub proxy: Option<ProxySettings>,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

/// Idle connections are closed before the networks in between forget them.
const IDLE: Duration = Duration::from_secs(55);

impl ClientSettings {
    /// Builds the client. It follows no redirect, sends no `Referer`, and
    /// unpacks gzip.
    ///
    /// # Errors
    /// `Local` if a certificate, a key or the proxy cannot be used.
    pub fn build(&self) -> Result<reqwest::Client, PortError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("reconciler/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            // Retries are counted, delayed and limited in one place, not here.
            .retry(reqwest::retry::never())
            .gzip(true)
            .http1_only()
            .no_proxy()
            .connect_timeout(self.timeouts.connect)
            .read_timeout(self.timeouts.read)
            .timeout(self.timeouts.whole)
            .pool_idle_timeout(IDLE)
            .tls_info(true);
        if let Some(ca) = &self.ca {
            builder = builder.tls_certs_only(ca.certificates()?);
        }
        if let Some(certificate) = &self.certificate {
            builder = builder.identity(certificate.identity(self.key.as_ref())?);
        } else if self.key.is_some() {
            return Err(PortError::new(
                PortErrorKind::Local,
                "read the client certificate",
                "",
                "there is a private key and no certificate",
            )
            .with_advice("configure the certificate that belongs to the key"));
        }
        if let Some(name) = &self.server_name {
            builder = builder.dns_resolver(Arc::new(name.clone()));
        }
        if self.insecure {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.build()?);
        }
        builder.build().map_err(|e| {
            PortError::new(
                PortErrorKind::Local,
                "prepare the HTTP client",
                "",
                "the certificates or the proxy are not accepted",
            )
            .with_source(e)
        })
    }
}
