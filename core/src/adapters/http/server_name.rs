//! Reaching a server under the name in its certificate rather than the one in
//! its address.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The name to ask for and to verify, and the host where it is found. Requests
/// go to URLs with the name; whoever sets this makes them so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerName {
    /// The name in the certificate.
    pub name: String,
    /// The host to connect to instead: a name or an IP address.
    pub host: String,
}

impl Resolve for ServerName {
    fn resolve(&self, asked: Name) -> Resolving {
        let host = if asked.as_str().eq_ignore_ascii_case(&self.name) {
            self.host.trim_matches(['[', ']']).to_owned()
        } else {
            asked.as_str().to_owned()
        };
        Box::pin(async move {
            // The port of the URL takes the place of this one.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
