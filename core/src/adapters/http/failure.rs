//! What kind of failure it is when there is no answer, and what to do about it.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::ports::PortErrorKind;

/// A try that gave no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: PortErrorKind,
    pub(super) reason: String,
    pub(super) advice: Option<Cow<'static, str>>,
    /// Whether it is certain that the request did not reach the other side.
    pub(super) unsent: bool,
    pub(super) source: Option<reqwest::Error>,
}

impl Failure {
    /// Takes the client's error apart. The URL is dropped from it.
    pub(super) fn from_client(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let causes = causes(&error);
        let unsent = error.is_connect() || error.is_builder();
        let (kind, reason, advice) = if let Some(tls) = find::<rustls::Error>(&causes) {
            if unsent || is_refusal_of_ours(tls) {
                tls_failure(tls)
            } else {
                let what = "the encrypted connection broke";
                (PortErrorKind::Transient, what.to_owned(), None)
            }
        } else if error.is_builder() {
            (PortErrorKind::Local, "the request cannot be built".to_owned(), None)
        } else if error.is_timeout() {
            let what = if error.is_connect() {
                "no connection within the time limit"
            } else {
                "no answer within the time limit"
            };
            (PortErrorKind::Transient, what.to_owned(), None)
        } else if error.is_decode() {
            let what = "the answer broke off or its compression is damaged";
            (PortErrorKind::Transient, what.to_owned(), None)
        } else {
            (PortErrorKind::Transient, connection_reason(&error, &causes), None)
        };
        Self { kind, reason, advice, unsent, source: Some(error) }
    }

    pub(super) fn too_large(largest: usize) -> Self {
        Self {
            kind: PortErrorKind::TooLarge,
            reason: format!("the answer is longer than the limit of {largest} bytes"),
            advice: None,
            unsent: false,
            source: None,
        }
    }
}

type Cause<'a> = &'a (dyn Error + 'static);

/// The error and all errors beneath it. An `io::Error` hides the one it wraps
/// from `source`.
fn causes(error: &reqwest::Error) -> Vec<Cause<'_>> {
    let mut found: Vec<Cause<'_>> = vec![error];
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause);
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as Cause<'_>),
            None => cause.source(),
        };
    }
    found
}

fn find<'a, T: Error + 'static>(causes: &[Cause<'a>]) -> Option<&'a T> {
    causes.iter().find_map(|cause| cause.downcast_ref::<T>())
}

fn connection_reason(error: &reqwest::Error, causes: &[Cause<'_>]) -> String {
    let io = find::<io::Error>(causes).map(io::Error::kind);
    if error.is_dns() {
        return "the host's name cannot be resolved".to_owned();
    }
    match io {
        Some(io::ErrorKind::ConnectionRefused) => "the connection was refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            "the connection was reset".to_owned()
        }
        Some(io::ErrorKind::UnexpectedEof) => "the connection was closed early".to_owned(),
        _ if error.is_connect() => format!("no connection: {}", deepest(causes)),
        _ => format!("the connection broke: {}", deepest(causes)),
    }
}

fn deepest(causes: &[Cause<'_>]) -> String {
    causes.last().map(ToString::to_string).unwrap_or_default()
}

type Told = (PortErrorKind, String, Option<Cow<'static, str>>);

/// Whether the other side refused who we are. In TLS 1.3 that is told only after
/// the handshake, and still before it has looked at a request.
fn is_refusal_of_ours(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        error,
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::HandshakeFailure
        )
    )
}

/// TLS problems are ours to solve: a second try meets the same certificate.
fn tls_failure(error: &rustls::Error) -> Told {
    match error {
        rustls::Error::InvalidCertificate(problem) => certificate_failure(problem),
        rustls::Error::InvalidMessage(_) => told(
            "the other side does not speak TLS on this port",
            "check the port; an `http://` address may be meant",
        ),
        rustls::Error::AlertReceived(alert) => told(
            format!("the other side refused the TLS connection ({alert:?})"),
            "it may ask for a client certificate, or for another version of TLS",
        ),
        other => {
            told(format!("TLS failed: {other}"), "check what listens at this address, and its certificate")
        }
    }
}

fn certificate_failure(problem: &CertificateError) -> Told {
    match problem {
        CertificateError::UnknownIssuer => told(
            "the certificate is signed by a CA that is not trusted here",
            "give the CA that signed it (`BOSH_CA_CERT`, `VAULT_CACERT` or the `ca_cert` of the \
             configuration); a given CA stands in the place of the system's",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => told(
            "the certificate has expired",
            "renew the server's certificate; if it is valid, check this machine's clock",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            told("the certificate is not valid yet", "check this machine's clock")
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => told(
            "the certificate names its host only as common name (CN), which is no longer accepted",
            "make a certificate with the address as subject alternative name (SAN): \
             an IP address as `IP:`, a name as `DNS:`",
        ),
        CertificateError::NotValidForNameContext { presented, .. } => told(
            format!("the certificate is for {}, not for this address", presented.join(", ")),
            "use one of the names or addresses in the certificate; through a tunnel, use the \
             proxy instead of another address",
        ),
        CertificateError::NotValidForName => told(
            "the certificate is not for this address",
            "use the name or address that stands in the certificate",
        ),
        // The variant beneath belongs to a crate that is not named here.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => told(
            "the server shows a CA certificate (self-signed, CA:TRUE) as its own",
            "make a CA and let it sign a certificate for the server (CA:FALSE), \
                 and give the CA here",
        ),
        other => told(
            format!("the certificate is not accepted: {other}"),
            "check the server's certificate with `openssl x509 -text`",
        ),
    }
}

fn told(reason: impl Into<String>, advice: &'static str) -> Told {
    (PortErrorKind::Local, reason.into(), Some(Cow::Borrowed(advice)))
}
