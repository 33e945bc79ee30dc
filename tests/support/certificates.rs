//! Certificates made at run time: good ones, and the bad ones that are met.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// What kind of certificate a server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CertificateKind {
    /// Signed by a CA, for 127.0.0.1, until 2040-01-01.
    #[default]
    Good,
    /// A self-signed certificate with CA:TRUE, shown by the server itself.
    SelfSignedCa,
    /// Signed by a CA; the address stands in the common name only.
    CommonNameOnly,
    /// Signed by a CA, for 127.0.0.1; it ended in 2020.
    Expired,
    /// Signed by a CA that the client is not given.
    UnknownIssuer,
    /// Signed by a CA, for the name [`OTHER_NAME`] and no address.
    OtherName,
    /// As `Good`; the server also asks for the client's certificate.
    Mutual,
}

/// A name that resolves to nothing.
pub const OTHER_NAME: &str = "server.test";

/// A server's certificate and what a client has to be given to trust it.
#[derive(Debug)]
pub struct Certificates {
    /// The CA as PEM, for the client.
    pub ca_pem: String,
    /// A certificate of a client, signed by the server's CA, and its key.
    pub client_pem: String,
    /// The server's own certificate as PEM, for a program that shows it.
    pub server_pem: String,
    /// The key of that certificate as PEM.
    pub key_pem: String,
    client_ca: Option<CertificateDer<'static>>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Certificates {
    /// Makes a certificate of a kind.
    ///
    /// # Panics
    /// If the keys cannot be made.
    #[must_use]
    pub fn make(kind: CertificateKind) -> Self {
        let ca = issuer("ca of the test");
        let key = KeyPair::generate().expect("a key");
        let mut leaf = parameters("127.0.0.1");
        if kind != CertificateKind::CommonNameOnly {
            leaf.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        }
        if kind == CertificateKind::OtherName {
            let name = OTHER_NAME.try_into().expect("a name in ASCII");
            leaf.subject_alt_names = vec![SanType::DnsName(name)];
        }
        if kind == CertificateKind::Expired {
            leaf.not_before = date_time_ymd(2019, 1, 1);
            leaf.not_after = date_time_ymd(2020, 1, 1);
        }
        if kind == CertificateKind::SelfSignedCa {
            leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let leaf = leaf.self_signed(&key).expect("a certificate");
            return Self {
                ca_pem: leaf.pem(),
                client_pem: String::new(),
                server_pem: leaf.pem(),
                key_pem: key.serialize_pem(),
                client_ca: None,
                leaf: leaf.der().clone(),
                key: key.serialize_der(),
            };
        }
        let client_key = KeyPair::generate().expect("a key");
        let client = parameters("a client").signed_by(&client_key, &ca).expect("a certificate");
        let client_ca = (kind == CertificateKind::Mutual).then(|| ca.der().clone());
        let leaf = leaf.signed_by(&key, &ca).expect("a certificate");
        let told = if kind == CertificateKind::UnknownIssuer { issuer("another ca of the test") } else { ca };
        Self {
            ca_pem: told.pem(),
            client_pem: client.pem() + &client_key.serialize_pem(),
            server_pem: leaf.pem(),
            key_pem: key.serialize_pem(),
            client_ca,
            leaf: leaf.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// Accepts TLS with this certificate, in version 1.2 as a Director does,
    /// and 1.3.
    ///
    /// # Panics
    /// If the certificate cannot be used.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.clone()).expect("a key in DER");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS");
        let config = match &self.client_ca {
            None => config.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(ca.clone()).expect("a CA");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                config.with_client_cert_verifier(verifier.expect("a CA"))
            }
        };
        let config =
            config.with_single_cert(vec![self.leaf.clone()], key).expect("a certificate with its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2040, 1, 1);
    parameters
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut ca = parameters(name);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA")
}
