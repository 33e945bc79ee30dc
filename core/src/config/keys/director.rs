//! Keys of the Director.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Kind;
use crate::config::key::declare_keys;

declare_keys! {
    DIRECTOR_ROWS:

    DIRECTOR_ENVIRONMENT: Option<String> = {
        path: "director.environment",
        kind: Kind::Text,
        default: None,
        doc: "The Director: an alias of the bosh CLI, a host, host:port or URL.",
        usual: "BOSH_ENVIRONMENT",
    }
    DIRECTOR_CLIENT: Option<String> = {
        path: "director.client",
        kind: Kind::Text,
        default: None,
        doc: "The UAA client or the user at the Director.",
        usual: "BOSH_CLIENT",
    }
    DIRECTOR_CLIENT_SECRET: Option<String> = {
        path: "director.client_secret",
        kind: Kind::Text,
        default: None,
        doc: "The client's secret or the user's password.",
        secret: true,
        usual: "BOSH_CLIENT_SECRET",
    }
    DIRECTOR_CLIENT_SECRET_FILE: Option<PathBuf> = {
        path: "director.client_secret_file",
        kind: Kind::Path,
        default: None,
        doc: "File with the client's secret or the user's password, in the place of the text.",
    }
    DIRECTOR_CA_CERT: Option<String> = {
        path: "director.ca_cert",
        kind: Kind::Text,
        default: None,
        doc: "The CA of Director and UAA, as a path or as PEM.",
        usual: "BOSH_CA_CERT",
    }
    DIRECTOR_ALL_PROXY: Option<String> = {
        path: "director.all_proxy",
        kind: Kind::Text,
        default: None,
        doc: "The proxy to Director and UAA, `socks5://host:port`.",
        secret: true,
        usual: "BOSH_ALL_PROXY",
    }
    DIRECTOR_ALL_PROXY_FILE: Option<PathBuf> = {
        path: "director.all_proxy_file",
        kind: Kind::Path,
        default: None,
        doc: "File with the proxy, in the place of the text.",
    }
    DIRECTOR_SKIP_SSL_VALIDATION: bool = {
        path: "director.skip_ssl_validation",
        kind: Kind::Bool,
        default: Some("false"),
        doc: "Whether any certificate of the Director is accepted; every run warns of it.",
    }
    DIRECTOR_MAX_IN_FLIGHT: u64 = {
        path: "director.max_in_flight",
        kind: Kind::Integer { min: 1, max: 64 },
        default: Some("4"),
        doc: "Requests of the Director at one moment; it has about 15 places for everybody.",
    }
    DIRECTOR_REQUESTS_PER_SECOND: u64 = {
        path: "director.requests_per_second",
        kind: Kind::Integer { min: 0, max: 10_000 },
        default: Some("8"),
        doc: "Requests of the Director in a second; 0 lifts the limit.",
    }
    DIRECTOR_TRIES: u64 = {
        path: "director.tries",
        kind: Kind::Integer { min: 1, max: 10 },
        default: Some("4"),
        doc: "How often one request of the Director is made at most.",
    }
    DIRECTOR_RETRY_DELAY: Duration = {
        path: "director.retry_delay",
        kind: Kind::Duration,
        default: Some("500ms"),
        doc: "The time before the second try of a request; it doubles each time.",
    }
    DIRECTOR_CONNECT_TIMEOUT: Duration = {
        path: "director.connect_timeout",
        kind: Kind::Duration,
        default: Some("10s"),
        doc: "The time for a connection to the Director, TLS included.",
    }
    DIRECTOR_READ_TIMEOUT: Duration = {
        path: "director.read_timeout",
        kind: Kind::Duration,
        default: Some("1m"),
        doc: "The time for the next bytes of an answer of the Director.",
    }
    DIRECTOR_REQUEST_TIMEOUT: Duration = {
        path: "director.request_timeout",
        kind: Kind::Duration,
        default: Some("2m"),
        doc: "The time for one try of a request of the Director as a whole.",
    }
}
