//! The daemon over TLS, and its certificate while it works.

use reconciler_tests::certificates::{CertificateKind, Certificates};

use super::*;

/// A daemon that shows a certificate.
struct Shown {
    home: Home,
    daemon: Daemon,
}

impl Shown {
    fn start(certificates: &Certificates) -> Self {
        let home = Home::new();
        std::fs::write(home.path("token"), TOKEN).unwrap();
        put(&home, certificates);
        let mut command = home.serve();
        command.env("BLACKSMITH_RECONCILER_HTTP_TLS_CERT", "tls.pem");
        command.env("BLACKSMITH_RECONCILER_HTTP_TLS_KEY", "tls.key");
        let daemon = Daemon::start(command);
        daemon.wait_for_runs(1);
        Self { home, daemon }
    }

    /// What a command says that trusts a CA: its code and all its words.
    fn ask(&self, command: &str, ca: &Certificates, more: &[&str]) -> (Option<i32>, String) {
        std::fs::write(self.home.path("ca.pem"), &ca.ca_pem).unwrap();
        let url = format!("https://{}", self.daemon.address);
        let mut asking = self.home.command(&[command, "--remote", &url, "--remote-ca", "ca.pem"]);
        let output = asking.args(more).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

fn put(home: &Home, certificates: &Certificates) {
    std::fs::write(home.path("tls.pem"), &certificates.server_pem).unwrap();
    std::fs::write(home.path("tls.key"), &certificates.key_pem).unwrap();
}

const WITH_TOKEN: &[&str] = &["--token-file", "token"];

#[test]
fn it_answers_over_tls_and_asks_for_the_token() {
    let certificates = Certificates::make(CertificateKind::Good);
    let shown = Shown::start(&certificates);
    assert!(shown.daemon.log().contains("answering at https://"), "{}", shown.daemon.log());
    assert!(shown.daemon.log().contains("http.tls_key: others than its owner"), "{}", shown.daemon.log());
    let (code, said) = shown.ask("run", &certificates, WITH_TOKEN);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("complete: 29 deployments"), "{said}");
    let (code, said) = shown.ask("run", &certificates, &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("HTTP 401"), "{said}");
    // Who speaks no TLS is not answered, and harms nobody.
    let (status, _) =
        shown.daemon.exchange("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 0);
    let stranger = Certificates::make(CertificateKind::Good);
    let (code, said) = shown.ask("status", &stranger, WITH_TOKEN);
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(shown.daemon.stop().0, Some(0));
}

#[test]
fn a_rotated_certificate_is_shown_after_sighup_and_a_broken_one_never() {
    let [first, second, third] = [(); 3].map(|()| Certificates::make(CertificateKind::Good));
    let shown = Shown::start(&first);
    let knows = |ca: &Certificates| shown.ask("status", ca, WITH_TOKEN).0 == Some(0);
    put(&shown.home, &second);
    assert!(knows(&first), "until it is told, it shows what it has");
    shown.daemon.signal("HUP");
    shown.daemon.wait_for("were read again", 1);
    assert!(knows(&second) && !knows(&first));

    // A key that is another certificate's, and a file that holds none.
    for (told, broken) in [&third.key_pem, "-----BEGIN"].into_iter().enumerate() {
        std::fs::write(shown.home.path("tls.key"), broken).unwrap();
        shown.daemon.signal("HUP");
        // Two signals that come at once are one.
        shown.daemon.wait_for("stay as they were", told + 1);
    }
    assert!(knows(&second), "the old one is shown");
    put(&shown.home, &third);
    shown.daemon.signal("HUP");
    shown.daemon.wait_for("were read again", 2);
    assert!(knows(&third));
    assert_eq!(shown.daemon.stop().0, Some(0));
}
