//! What is taken from Blacksmith's sections, and what is not.

use crate::config::{FlagText, Settings, SourceFile, Sources};

const BLACKSMITH: &str = "\
bosh:
  address: https://10.0.0.6:25555
  username: director
  password: hunter2
  cacert: /ca.pem
  skip_ssl_validation: false
  stemcells: [{name: a}]
vault:
  address: https://10.0.0.7:8200
  token: ''
  credentials: /var/vcap/store/blacksmith/.vault/creds
  skip_ssl_validation: true
broker:
  username: broker
  port: 3001
  bind_ip: 0.0.0.0
";

/// What is in force beside the defaults, with its origin.
fn loaded(text: &str, flags: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let flags = flags.iter().map(|(path, value)| FlagText::new(*path, *value, "--flag")).collect();
    let file = Some(SourceFile::of("b.conf", text));
    let settings = Settings::load(Sources { file, flags, ..Sources::default() })
        .unwrap_or_else(|errors| panic!("{errors}"));
    let values = settings.entries().filter(|entry| entry.origin().is_some_and(|o| o.layer() != "default"));
    let shown = values.map(|entry| {
        let (value, origin) = (entry.shown().unwrap_or_default(), entry.origin());
        format!("{} = {value} <- {}", entry.spec().path, origin.map(ToString::to_string).unwrap_or_default())
    });
    (shown.collect(), settings.notices().iter().map(ToString::to_string).collect())
}

#[test]
fn what_is_no_section_is_told_and_nothing_is_taken_from_it() {
    let (values, notices) = loaded("bosh: hello\nvault: [1]\nbroker: [x]\n", &[]);
    assert_eq!(values, Vec::<String>::new());
    let told = "is no section of Blacksmith's";
    for (notice, place) in
        notices.iter().zip(["b.conf:1:7 (bosh)", "b.conf:2:8 (vault)", "b.conf:3:9 (broker)"])
    {
        assert!(notice.starts_with(place) && notice.contains(told), "{notice}");
    }
    assert_eq!(notices.len(), 3);
}

#[test]
fn what_nobody_else_says_comes_from_blacksmiths_sections() {
    let (values, notices) = loaded(BLACKSMITH, &[]);
    assert_eq!(
        values,
        [
            "director.environment = https://10.0.0.6:25555 <- b.conf:2:12 (bosh.address)",
            "director.client = director <- b.conf:3:13 (bosh.username)",
            "director.client_secret = <redacted> <- b.conf:4:13 (bosh.password)",
            "director.ca_cert = /ca.pem <- b.conf:5:11 (bosh.cacert)",
            "director.skip_ssl_validation = false <- b.conf:6:24 (bosh.skip_ssl_validation)",
            "catalog.url = http://127.0.0.1:3001 <- b.conf:13:1 (broker.port)",
            "catalog.username = broker <- b.conf:14:13 (broker.username)",
            "catalog.password = <redacted> <- b.conf:13:1 (broker.password)",
            "vault.address = https://10.0.0.7:8200 <- b.conf:9:12 (vault.address)",
            "vault.token_file = /var/vcap/store/blacksmith/.vault/creds <- b.conf:11:16 (vault.credentials)",
            "vault.insecure = true <- b.conf:12:24 (vault.skip_ssl_validation)",
        ]
    );
    assert_eq!(notices, Vec::<String>::new());
}

#[test]
fn nothing_is_taken_from_a_section_if_we_name_another_server() {
    let flags =
        [("director.environment", "other"), ("vault.address", "http://v:1"), ("catalog.path", "/catalog")];
    let (values, _) = loaded(BLACKSMITH, &flags);
    assert_eq!(values.len(), 3, "{values:?}");
    let (values, _) = loaded(BLACKSMITH, &[("fleet", "/fleet")]);
    assert!(!values.iter().any(|value| value.starts_with("director") || value.starts_with("catalog")));
}

#[test]
fn a_login_of_ours_takes_the_place_of_the_sections() {
    for key in ["vault.token", "vault.token_file", "vault.role_id"] {
        let (values, _) = loaded(BLACKSMITH, &[(key, "x")]);
        assert!(!values.iter().any(|value| value.contains("credentials)")), "{values:?}");
    }
    let (values, _) = loaded(BLACKSMITH, &[("director.client_secret_file", "/secret")]);
    assert!(!values.iter().any(|value| value.contains("bosh.password")), "{values:?}");
    assert!(values.iter().any(|value| value.contains("bosh.username")), "{values:?}");
}

#[test]
fn a_token_in_the_section_comes_before_its_file() {
    let text = "vault: {address: http://v:1, token: t, credentials: /creds}";
    let (values, _) = loaded(text, &[]);
    assert_eq!(values.len(), 2, "{values:?}");
    assert!(values[1].starts_with("vault.token = <redacted>"), "{values:?}");
}

#[test]
fn where_the_broker_answers_follows_from_its_section() {
    for (section, url) in [
        ("{}", "http://127.0.0.1:3000"),
        ("{bind_ip: 10.0.0.9}", "http://10.0.0.9:3000"),
        ("{bind_ip: '::1', port: '81'}", "http://[::1]:81"),
        ("{tls: {enabled: true}}", "https://127.0.0.1:443"),
        ("{tls: {enabled: true, port: 8443}, port: 1}", "https://127.0.0.1:8443"),
        ("{tls: {enabled: false, port: 8443}}", "http://127.0.0.1:3000"),
    ] {
        let (values, _) = loaded(&format!("broker: {section}"), &[]);
        assert_eq!(values[0], format!("catalog.url = {url} <- b.conf:1:1 (broker.port)"));
        assert_eq!(values.len(), 3, "{values:?}");
    }
}

#[test]
fn what_is_odd_in_another_section_is_never_an_error() {
    let text =
        "bosh: {address: d, skip_ssl_validation: maybe, username: [a], password: ~}\nvault: 1\nbroker: ~\n";
    let (values, notices) = loaded(text, &[]);
    assert_eq!(values, ["director.environment = d <- b.conf:1:17 (bosh.address)"]);
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].contains("is no section"), "{notices:?}");
    assert!(notices[1].contains("`maybe` is not a truth value"), "{notices:?}");
    // A section that does not say which server it is about says nothing.
    assert_eq!(loaded("bosh: {username: a}\nvault: {token: t}\n", &[]).0, Vec::<String>::new());
}
