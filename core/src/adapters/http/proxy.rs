//! The proxy to go through, and the hosts that are reached without it.

use std::fmt;

use reqwest::{NoProxy, Proxy};
use url::Url;

use super::Secret;
use crate::ports::{PortError, PortErrorKind};

/// A proxy for all requests. Its URL may hold a password, so it is not shown.
#[derive(Clone)]
pub struct ProxySettings {
    url: Secret,
    without: Option<String>,
}

impl ProxySettings {
    /// Takes a proxy's URL: `http`, `https`, `socks5` or `socks5h`. A SOCKS
    /// proxy always resolves the names itself, as Go's does: behind it lies
    /// another network, whose names mean nothing here.
    ///
    /// `without` lists the hosts to reach directly, as `NO_PROXY` does.
    ///
    /// # Errors
    /// `Local` if the URL cannot be used.
    pub fn new(url: &str, without: Option<&str>) -> Result<Self, PortError> {
        let refuse = |reason: &str| {
            PortError::new(PortErrorKind::Local, "use the proxy", "", reason)
                .with_advice("write it as `socks5://host:port` or `http://host:port`")
        };
        let bare = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let parsed = Url::parse(&bare).map_err(|e| refuse(&format!("its URL is wrong: {e}")))?;
        if !matches!(parsed.scheme(), "http" | "https" | "socks5" | "socks5h") {
            return Err(refuse(&format!("`{}` is not a kind of proxy that is known here", parsed.scheme())));
        }
        if parsed.host_str().is_none_or(str::is_empty) {
            return Err(refuse("its URL names no host"));
        }
        // A special scheme cannot be changed through `Url`; the text can.
        let bare = match bare.strip_prefix("socks5://") {
            Some(rest) => format!("socks5h://{rest}"),
            None => bare,
        };
        Ok(Self {
            url: Secret::new(bare),
            without: without.filter(|list| !list.trim().is_empty()).map(str::to_owned),
        })
    }

    /// Scheme, host and port, without user and password.
    #[must_use]
    pub fn address(&self) -> String {
        let Ok(mut url) = Url::parse(self.url.expose()) else {
            return String::new();
        };
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return format!("{}://…", url.scheme());
        }
        url.to_string().trim_end_matches('/').to_owned()
    }

    pub(super) fn build(&self) -> Result<Proxy, PortError> {
        // The error beneath may quote the URL: it is not kept.
        let proxy = Proxy::all(self.url.expose()).map_err(|_| {
            PortError::new(PortErrorKind::Local, "use the proxy", self.address(), "its URL is not accepted")
        })?;
        Ok(proxy.no_proxy(self.without.as_deref().and_then(NoProxy::from_string)))
    }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySettings")
            .field("address", &self.address())
            .field("without", &self.without)
            .finish()
    }
}
