//! Where a Director or its UAA is, read as the bosh CLI reads it.

use std::fmt;

use url::Url;

use crate::adapters::http::is_loopback;
use crate::ports::{PortError, PortErrorKind};

/// The port a Director listens on if none is said.
const DIRECTOR_PORT: u16 = 25555;
/// The port a UAA listens on if none is said.
const UAA_PORT: u16 = 443;

/// The origin of a Director.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectorAddress(Url);

impl DirectorAddress {
    /// Takes `host`, `host:port` or a URL. The port is 25555 if none is said;
    /// a path is ignored. The scheme is always `https`, whatever the URL says:
    /// a Director speaks nothing else, and the credentials must not cross a
    /// network in the clear. Only on the loopback `http` stays `http`.
    ///
    /// # Errors
    /// `Local` if it names no host, holds a password, or has another scheme.
    pub fn parse(text: &str) -> Result<Self, PortError> {
        let mut url = origin(text, DIRECTOR_PORT, true, "use the Director's address")?;
        url.set_path("/");
        Ok(Self(url))
    }

    /// The URL all requests go below.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether requests are not encrypted.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Display for DirectorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The UAA's URL as the Director names it; a path in it is kept. It may be
/// plain only if the Director is.
pub(super) fn uaa_url(text: &str, director: &DirectorAddress) -> Result<Url, PortError> {
    origin(text, UAA_PORT, director.is_plain(), "use the UAA's address that the Director names")
}

fn origin(text: &str, port: u16, may_be_plain: bool, operation: &'static str) -> Result<Url, PortError> {
    let text = text.trim();
    // What stands before an `@` may be a password: it is not repeated.
    let shown = text.rsplit('@').next().unwrap_or_default().to_owned();
    let refuse = |reason: String| {
        PortError::new(PortErrorKind::Local, operation, shown.clone(), reason).with_advice(
            "write it as `host`, `host:port` or `https://host:port`; the user belongs in \
             `BOSH_CLIENT`, the password in `BOSH_CLIENT_SECRET`",
        )
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("https".to_owned(), text),
    };
    if !matches!(scheme.as_str(), "https" | "http") {
        return Err(refuse(format!("`{scheme}` is not a scheme of a Director")));
    }
    if rest.contains('@') {
        return Err(refuse("it holds a user or a password".to_owned()));
    }
    let mut url = Url::parse(&format!("https://{rest}")).map_err(|e| refuse(format!("it is wrong: {e}")))?;
    // A URL forgets a port that is its scheme's own, so the port is read with a
    // scheme that has none.
    let said = Url::parse(&format!("bosh://{rest}")).ok().and_then(|url| url.port());
    let is_plain = scheme == "http" && may_be_plain && is_loopback(&url);
    if is_plain && url.set_scheme("http").is_err() {
        return Err(refuse("it cannot be used without TLS".to_owned()));
    }
    if url.set_port(Some(said.unwrap_or(port))).is_err() {
        return Err(refuse("it names no host".to_owned()));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_bosh_cli_reads_them() {
        for (text, address) in [
            ("10.0.0.6", "https://10.0.0.6:25555"),
            ("10.0.0.6:443", "https://10.0.0.6"),
            (" bosh.example.com:8443 ", "https://bosh.example.com:8443"),
            ("https://10.0.0.6", "https://10.0.0.6:25555"),
            ("https://10.0.0.6:443/path?q", "https://10.0.0.6"),
            ("http://10.0.0.6:25555", "https://10.0.0.6:25555"),
            ("[::1]:25555", "https://[::1]:25555"),
            ("http://127.0.0.1:4711", "http://127.0.0.1:4711"),
        ] {
            assert_eq!(DirectorAddress::parse(text).unwrap().to_string(), address, "{text}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_its_password() {
        for text in ["", "https://", "ftp://h", "https://me:MARKER@h", "a b", "h:99999"] {
            let error = DirectorAddress::parse(text).unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Local, "{text}");
            assert!(error.advice.is_some() && !format!("{error:?}").contains("MARKER"));
        }
    }

    #[test]
    fn a_uaa_keeps_its_path_and_is_never_plain_beside_an_encrypted_director() {
        let director = DirectorAddress::parse("10.0.0.6").unwrap();
        for (text, url) in [
            ("https://10.0.0.6:8443", "https://10.0.0.6:8443/"),
            ("https://h/uaa", "https://h/uaa"),
            ("http://127.0.0.1:8080", "https://127.0.0.1:8080/"),
        ] {
            assert_eq!(uaa_url(text, &director).unwrap().as_str(), url);
        }
    }
}
