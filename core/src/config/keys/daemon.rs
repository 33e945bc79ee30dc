//! Keys of the daemon: HTTP, journal, log.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::key::declare_keys;
use crate::config::{Choice, Kind};

declare_keys! {
    DAEMON_ROWS:

    HTTP_LISTEN: String = {
        path: "http.listen",
        kind: Kind::Address,
        default: Some("127.0.0.1:9180"),
        doc: "The address and port the daemon answers at; any but a loopback one needs TLS and a token.",
    }
    HTTP_TLS_CERT: Option<PathBuf> = {
        path: "http.tls_cert",
        kind: Kind::Path,
        default: None,
        doc: "File with the certificate the daemon answers with, and what leads to its CA, as PEM.",
    }
    HTTP_TLS_KEY: Option<PathBuf> = {
        path: "http.tls_key",
        kind: Kind::Path,
        default: None,
        doc: "File with the key of that certificate, as PEM.",
    }
    HTTP_TOKEN: Option<String> = {
        path: "http.token",
        kind: Kind::Text,
        default: None,
        doc: "The bearer token that whoever asks the daemon has to show.",
        secret: true,
    }
    HTTP_TOKEN_FILE: Option<PathBuf> = {
        path: "http.token_file",
        kind: Kind::Path,
        default: None,
        doc: "File with that token, in the place of the text.",
    }
    HTTP_ALLOWED_HOSTS: Option<Vec<String>> = {
        path: "http.allowed_hosts",
        kind: Kind::List,
        default: None,
        doc: "Names that the daemon may be called by, besides those of the machine itself.",
    }
    JOURNAL_MAX_RUNS: u64 = {
        path: "journal.max_runs",
        kind: Kind::Integer { min: 1, max: 100_000 },
        default: Some("1000"),
        doc: "How many runs the journal remembers at most.",
    }
    JOURNAL_MAX_AGE: Duration = {
        path: "journal.max_age",
        kind: Kind::Duration,
        default: Some("720h"),
        doc: "How long the journal remembers a run at most.",
    }
    LOG_LEVEL: Option<Choice> = {
        path: "log.level",
        kind: Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        default: None,
        doc: "How much is logged; without it warnings, and in the daemon also what runs did.",
    }
    DEBUG: bool = {
        path: "debug",
        kind: Kind::Bool,
        default: Some("false"),
        doc: "Whether everything is logged, as with `log.level: debug`.",
    }
    LOG_FORMAT: Choice = {
        path: "log.format",
        kind: Kind::Choice(&["text", "json"]),
        default: Some("text"),
        doc: "Whether the log is written for people or for programs.",
    }
}
