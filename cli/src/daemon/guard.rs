//! Who may ask the daemon, and by what name.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use reconciler_core::config::{Settings, keys};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The rules of one listener.
pub(crate) struct Guard {
    /// The token's digest: what is compared has always the same length.
    token: Option<[u8; 32]>,
    /// Names besides those of the loopback.
    hosts: Vec<String>,
}

impl Guard {
    /// The rules that the settings describe for the address that is bound.
    pub(crate) fn of(settings: &Settings, token: Option<&str>, bound: SocketAddr) -> Self {
        let mut hosts: Vec<String> = settings
            .list(keys::HTTP_ALLOWED_HOSTS)
            .map(|hosts| hosts.iter().map(|host| host.to_ascii_lowercase()).collect())
            .unwrap_or_default();
        if !bound.ip().is_unspecified() {
            hosts.push(bound.ip().to_string());
        }
        Self::new(token, hosts)
    }

    pub(crate) fn new(token: Option<&str>, hosts: Vec<String>) -> Self {
        Self { token: token.map(|token| Sha256::digest(token).into()), hosts }
    }

    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether a header `Authorization` shows the token. How long it takes says
    /// nothing about the token.
    pub(crate) fn knows(&self, authorization: Option<&[u8]>) -> bool {
        let Some(token) = &self.token else { return false };
        let Some(shown) = authorization.and_then(bearer) else { return false };
        let shown: [u8; 32] = Sha256::digest(shown).into();
        shown.ct_eq(token).into()
    }

    /// Whether a header `Host` names this daemon. A page of another site that
    /// has its name point here is not let in.
    pub(crate) fn is_named(&self, host: &str) -> bool {
        let name = host_name(host).to_ascii_lowercase();
        name == "localhost"
            || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            || self.hosts.iter().any(|known| *known == name || *known == host.to_ascii_lowercase())
    }
}

/// What follows the word `Bearer`, in any case.
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// A host without its port, an IPv6 address without its brackets.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("token", &self.token.is_some())
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_and_configured_ones_are_answered() {
        let guard = Guard::new(None, vec!["reconciler.internal".to_owned(), "10.0.0.5".to_owned()]);
        for host in [
            "localhost",
            "LOCALHOST:9180",
            "127.0.0.1",
            "127.0.0.1:9180",
            "127.8.8.8",
            "[::1]",
            "[::1]:9180",
            "reconciler.internal:9180",
            "Reconciler.Internal",
            "10.0.0.5:9180",
        ] {
            assert!(guard.is_named(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "10.0.0.6", "[::2]", "localhost@evil", ":9180"]
        {
            assert!(!guard.is_named(host), "{host}");
        }
    }

    #[test]
    fn only_the_whole_token_is_known() {
        let guard = Guard::new(Some("s3cret"), Vec::new());
        let knows = |header: &str| guard.knows(Some(header.as_bytes()));
        assert!(knows("Bearer s3cret") && knows("bearer  s3cret "));
        for header in ["", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crett", "Basic s3cret", "s3cret"] {
            assert!(!knows(header), "{header:?}");
        }
        assert!(!guard.knows(None));
        assert!(!Guard::new(None, Vec::new()).knows(Some(b"Bearer ")), "no token is not an empty one");
    }
}
