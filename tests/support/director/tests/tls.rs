//! Certificates as they are met, and proxies in between.

use std::sync::Mutex;

use reconciler_core::adapters::http::{PemSource, ProxySettings};
use reconciler_core::ports::{Director, PortErrorKind, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::certificates::CertificateKind;
use crate::director::FakeDirectorSettings;

fn encrypted(kind: CertificateKind) -> FakeDirector {
    let settings = FakeDirectorSettings { tls: Some(kind), ..FakeDirectorSettings::default() };
    FakeDirector::start_with(state(), settings)
}

fn trusting(fake: &FakeDirector) -> BoshSettings {
    let mut settings = settings(fake);
    settings.ca_cert = fake.ca_pem().map(|pem| PemSource::parse(pem, None));
    settings
}

#[tokio::test]
async fn director_and_uaa_are_trusted_by_the_same_ca() {
    let fake = encrypted(CertificateKind::Good);
    let director = client(trusting(&fake));
    assert_eq!(director.deployments().await.unwrap().len(), 3);
    let found = director.examine(&SystemClock).await.unwrap();
    let end = found.certificate_end.unwrap();
    assert_eq!(end.to_rfc3339(), "2040-01-01T00:00:00+00:00");
    assert!(found.login.is_ok());
}

#[tokio::test]
async fn a_ca_from_a_file_is_the_same() {
    let fake = encrypted(CertificateKind::Good);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, fake.ca_pem().unwrap()).unwrap();
    let mut settings = settings(&fake);
    settings.ca_cert = Some(PemSource::parse(path.to_str().unwrap(), None));
    assert!(client(settings).info().await.is_ok());
}

#[tokio::test]
async fn a_certificate_that_is_not_accepted_says_why_and_what_to_do() {
    for (kind, reason, advice) in [
        (CertificateKind::SelfSignedCa, "CA:TRUE", "make a CA"),
        (CertificateKind::CommonNameOnly, "common name", "SAN"),
        (CertificateKind::Expired, "expired", "renew"),
        (CertificateKind::UnknownIssuer, "not trusted", "BOSH_CA_CERT"),
    ] {
        let fake = encrypted(kind);
        let director = client(trusting(&fake));
        let error = director.info().await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Local, "{kind:?}: {error:?}");
        assert!(error.to_string().contains(reason), "{kind:?}: {error}");
        assert!(error.advice.unwrap().contains(advice), "{kind:?}");
        // The same certificate would come again.
        assert_eq!(director.statistics().total(), 1, "{kind:?}");

        let mut careless = trusting(&fake);
        careless.skip_ssl_validation = true;
        assert!(client(careless).info().await.is_ok(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_director_without_tls_on_its_port_is_told_apart() {
    let fake = FakeDirector::start(state());
    let mut settings = settings(&fake);
    let host = fake.address().trim_start_matches("http://");
    settings.address = DirectorAddress::parse(host).unwrap();
    let error = client(settings).info().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Local);
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

/// A SOCKS5 proxy that leads every name to one port, and writes the names down.
async fn socks_proxy(to: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let names = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&names);
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = [0; 2];
                near.read_exact(&mut head).await.unwrap();
                let mut methods = vec![0; usize::from(head[1])];
                near.read_exact(&mut methods).await.unwrap();
                near.write_all(&[5, 0]).await.unwrap();
                let mut request = [0; 5];
                near.read_exact(&mut request).await.unwrap();
                assert_eq!(request[3], 3, "the proxy resolves the name itself");
                let mut name = vec![0; usize::from(request[4]) + 2];
                near.read_exact(&mut name).await.unwrap();
                name.truncate(name.len() - 2);
                seen.lock().unwrap().push(String::from_utf8(name).unwrap());
                near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
                let mut far = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                // An end of either side is the end.
                let _ended = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, names)
}

#[tokio::test]
async fn a_socks_proxy_resolves_the_names_itself_for_director_and_uaa() {
    let fake = encrypted(CertificateKind::Good);
    fake.change(|state| state.uaa_addresses = vec!["https://uaa.invalid/uaa".to_owned()]);
    let to = fake.address().rsplit_once(':').unwrap().1.parse().unwrap();
    let (port, names) = socks_proxy(to).await;
    let mut settings = trusting(&fake);
    settings.address = DirectorAddress::parse("bosh.invalid").unwrap();
    // The certificate is for the loopback.
    settings.skip_ssl_validation = true;
    let proxy = ProxySettings::new(&format!("socks5://127.0.0.1:{port}"), None);
    settings.proxy = Some(proxy.unwrap());
    assert_eq!(client(settings).deployments().await.unwrap().len(), 3);
    let names = names.lock().unwrap();
    assert!(names.iter().any(|name| name == "bosh.invalid"), "{names:?}");
    assert!(names.iter().any(|name| name == "uaa.invalid"), "{names:?}");
}
