//! The rules of the daemon's listener: its address, its certificate, the token
//! that whoever asks has to show.

use std::net::SocketAddr;

use reconciler_core::config::{Settings, keys};
use tokio_rustls::TlsAcceptor;

use super::secrets::secret;
use super::tls;
use crate::failure::Failure;

/// What the settings say of the listener, found to be safe.
pub(crate) struct HttpRules {
    /// Where to listen, as it is written.
    pub(crate) wanted: SocketAddr,
    /// The certificate, if there is one.
    pub(crate) acceptor: Option<TlsAcceptor>,
    /// The token, if there is one.
    pub(crate) token: Option<String>,
}

/// Reads the rules. An address that others can reach needs TLS and a token; it
/// is the one that is bound already, or else the one that the settings name.
pub(crate) fn http_rules(settings: &Settings, bound: Option<SocketAddr>) -> Result<HttpRules, Failure> {
    rules(address(settings)?, acceptor(settings)?, http_token(settings)?, bound)
}

/// Everything that is wrong with the rules.
pub(super) fn http_faults(settings: &Settings) -> Vec<Failure> {
    match (address(settings), acceptor(settings), http_token(settings)) {
        (Ok(wanted), Ok(acceptor), Ok(token)) => {
            rules(wanted, acceptor, token, None).err().into_iter().collect()
        }
        (address, acceptor, token) => {
            [address.err(), acceptor.err(), token.err()].into_iter().flatten().collect()
        }
    }
}

fn acceptor(settings: &Settings) -> Result<Option<TlsAcceptor>, Failure> {
    match (settings.path(keys::HTTP_TLS_CERT), settings.path(keys::HTTP_TLS_KEY)) {
        (Some(certificate), Some(key)) => tls::acceptor(certificate, key).map(Some),
        (None, None) => Ok(None),
        _ => Err(Failure::told(
            "of `http.tls_cert` and `http.tls_key` only one is given",
            "give both, or none for a loopback address",
        )),
    }
}

fn rules(
    wanted: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    token: Option<String>,
    bound: Option<SocketAddr>,
) -> Result<HttpRules, Failure> {
    let address = bound.unwrap_or(wanted);
    if !address.ip().is_loopback() && (token.is_none() || acceptor.is_none()) {
        return Err(Failure::told(
            format!("`http.listen`: others can reach {address}, and it has no TLS or no token"),
            "set `http.tls_cert`, `http.tls_key` and `http.token_file`, or listen at 127.0.0.1:9180",
        ));
    }
    Ok(HttpRules { wanted, acceptor, token })
}

/// The token that the settings name, by text or by file.
pub(crate) fn http_token(settings: &Settings) -> Result<Option<String>, Failure> {
    let token = secret(settings, keys::HTTP_TOKEN, keys::HTTP_TOKEN_FILE)?;
    if token.as_deref().is_none_or(can_be_shown) {
        return Ok(token);
    }
    let by_file = settings.path(keys::HTTP_TOKEN_FILE).is_some();
    let key = if by_file { keys::HTTP_TOKEN_FILE.path() } else { keys::HTTP_TOKEN.path() };
    Err(Failure::told(
        format!("{key}: a space at an end, a control character or a letter beyond ASCII is in the token"),
        "nobody could show it in a header: use letters and digits",
    ))
}

/// Whether a token arrives in a header as it is.
fn can_be_shown(token: &str) -> bool {
    token.trim() == token && token.chars().all(|c| c == ' ' || c.is_ascii_graphic())
}

/// The address that the settings name.
fn address(settings: &Settings) -> Result<SocketAddr, Failure> {
    let listen = settings.text(keys::HTTP_LISTEN);
    listen.parse().map_err(|_| {
        Failure::told(
            format!("`http.listen`: `{listen}` is no address with a port"),
            "write it as 127.0.0.1:9180 or [::1]:9180",
        )
    })
}
