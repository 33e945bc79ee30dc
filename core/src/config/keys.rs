//! All keys of this version: the one place to add another.
//!
//! A row is what `config show`, the documentation and every source go by; the
//! constant of the same name is how the program reads it.

use std::path::PathBuf;
use std::time::Duration;

use super::key::declare_keys;
use super::{Choice, Kind};
use crate::matching::{Confidence, PolicyKind};

declare_keys! {
    FLEET: Option<PathBuf> = {
        path: "fleet",
        kind: Kind::Path,
        default: None,
        doc: "Folder with the deployments to match, one manifest each.",
    }
    DIRECTOR_ENVIRONMENT: Option<String> = {
        path: "director.environment",
        kind: Kind::Text,
        default: None,
        doc: "The Director: an alias of the bosh CLI, a host, host:port or URL; else `BOSH_ENVIRONMENT`.",
    }
    DIRECTOR_CLIENT: Option<String> = {
        path: "director.client",
        kind: Kind::Text,
        default: None,
        doc: "The UAA client or the user at the Director; else `BOSH_CLIENT`.",
    }
    DIRECTOR_CLIENT_SECRET: Option<String> = {
        path: "director.client_secret",
        kind: Kind::Text,
        default: None,
        doc: "The client's secret or the user's password; else `BOSH_CLIENT_SECRET`.",
        secret: true,
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
        doc: "The CA of Director and UAA, as a path or as PEM; else `BOSH_CA_CERT`.",
    }
    DIRECTOR_ALL_PROXY: Option<String> = {
        path: "director.all_proxy",
        kind: Kind::Text,
        default: None,
        doc: "The proxy to Director and UAA, `socks5://host:port`; else `BOSH_ALL_PROXY`.",
        secret: true,
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
    CATALOG_PATH: Option<PathBuf> = {
        path: "catalog.path",
        kind: Kind::Path,
        default: None,
        doc: "File or folder with the catalog of services and plans.",
    }
    CATALOG_URL: Option<String> = {
        path: "catalog.url",
        kind: Kind::Text,
        default: None,
        doc: "The broker whose catalog is read, without `/v2/catalog`; else `BLACKSMITH_URL`.",
    }
    CATALOG_USERNAME: Option<String> = {
        path: "catalog.username",
        kind: Kind::Text,
        default: None,
        doc: "The user at the broker; else `BLACKSMITH_USERNAME`.",
    }
    CATALOG_PASSWORD: Option<String> = {
        path: "catalog.password",
        kind: Kind::Text,
        default: None,
        doc: "The password at the broker; else `BLACKSMITH_PASSWORD`.",
        secret: true,
    }
    CATALOG_CA_CERT: Option<String> = {
        path: "catalog.ca_cert",
        kind: Kind::Text,
        default: None,
        doc: "The CA of the broker, as a path or as PEM.",
    }
    CATALOG_SKIP_SSL_VALIDATION: bool = {
        path: "catalog.skip_ssl_validation",
        kind: Kind::Bool,
        default: Some("false"),
        doc: "Whether any certificate of the broker is accepted; every run warns of it.",
    }
    CATALOG_TRIES: u64 = {
        path: "catalog.tries",
        kind: Kind::Integer { min: 1, max: 10 },
        default: Some("4"),
        doc: "How often the catalog is asked for at most.",
    }
    STORE_PATH: Option<PathBuf> = {
        path: "store.path",
        kind: Kind::Path,
        default: None,
        doc: "File of the embedded store of records, or the word `vault` for Vault.",
    }
    STATE_PATH: Option<PathBuf> = {
        path: "state.path",
        kind: Kind::Path,
        default: None,
        doc: "File that keeps what a run needs to know of earlier ones.",
    }
    VAULT_ADDRESS: Option<String> = {
        path: "vault.address",
        kind: Kind::Text,
        default: None,
        doc: "Address of Vault; without it VAULT_ADDR.",
    }
    VAULT_TOKEN: Option<String> = {
        path: "vault.token",
        kind: Kind::Text,
        default: None,
        doc: "Token for Vault; without any, VAULT_TOKEN, then ~/.vault-token.",
        secret: true,
    }
    VAULT_TOKEN_FILE: Option<PathBuf> = {
        path: "vault.token_file",
        kind: Kind::Path,
        default: None,
        doc: "File that holds the token for Vault.",
    }
    VAULT_ROLE_ID: Option<String> = {
        path: "vault.role_id",
        kind: Kind::Text,
        default: None,
        doc: "Role of AppRole that logs in to Vault, in place of a token.",
    }
    VAULT_SECRET_ID: Option<String> = {
        path: "vault.secret_id",
        kind: Kind::Text,
        default: None,
        doc: "Secret that belongs to the role.",
        secret: true,
    }
    VAULT_APPROLE_MOUNT: String = {
        path: "vault.approle_mount",
        kind: Kind::Text,
        default: Some("approle"),
        doc: "Where AppRole is mounted, below auth/.",
    }
    VAULT_NAMESPACE: Option<String> = {
        path: "vault.namespace",
        kind: Kind::Text,
        default: None,
        doc: "Namespace in Vault; without it VAULT_NAMESPACE.",
    }
    VAULT_MOUNT: String = {
        path: "vault.mount",
        kind: Kind::Text,
        default: Some("secret"),
        doc: "Mount of the KV v2 engine that holds the records.",
    }
    VAULT_PREFIX: Option<String> = {
        path: "vault.prefix",
        kind: Kind::Text,
        default: None,
        doc: "Folder below the mount; Blacksmith itself uses none.",
    }
    VAULT_CA_CERT: Option<PathBuf> = {
        path: "vault.ca_cert",
        kind: Kind::Path,
        default: None,
        doc: "File with the CA of Vault's certificate; without it VAULT_CACERT.",
    }
    VAULT_CA_PATH: Option<PathBuf> = {
        path: "vault.ca_path",
        kind: Kind::Path,
        default: None,
        doc: "Folder with CAs, where no file is named; without it VAULT_CAPATH.",
    }
    VAULT_CLIENT_CERT: Option<PathBuf> = {
        path: "vault.client_cert",
        kind: Kind::Path,
        default: None,
        doc: "File with our own certificate for Vault; without it VAULT_CLIENT_CERT.",
    }
    VAULT_CLIENT_KEY: Option<PathBuf> = {
        path: "vault.client_key",
        kind: Kind::Path,
        default: None,
        doc: "File with the key of that certificate; without it VAULT_CLIENT_KEY.",
    }
    VAULT_SERVER_NAME: Option<String> = {
        path: "vault.server_name",
        kind: Kind::Text,
        default: None,
        doc: "Name in Vault's certificate; without it VAULT_TLS_SERVER_NAME, else the address's.",
    }
    VAULT_INSECURE: Option<bool> = {
        path: "vault.insecure",
        kind: Kind::Bool,
        default: None,
        doc: "Accepts any certificate of Vault; without it VAULT_SKIP_VERIFY.",
    }
    VAULT_TIMEOUT: Option<Duration> = {
        path: "vault.timeout",
        kind: Kind::Duration,
        default: None,
        doc: "Longest time of one request; without it VAULT_CLIENT_TIMEOUT, else 1m.",
    }
    VAULT_TRIES: Option<u64> = {
        path: "vault.tries",
        kind: Kind::Integer { min: 1, max: 20 },
        default: None,
        doc: "Tries of one request; without it VAULT_MAX_RETRIES and one more, else 4.",
    }
    VAULT_MAX_IN_FLIGHT: u64 = {
        path: "vault.max_in_flight",
        kind: Kind::Integer { min: 1, max: 256 },
        default: Some("8"),
        doc: "Requests to Vault that are open at once.",
    }
    VAULT_REQUESTS_PER_SECOND: u64 = {
        path: "vault.requests_per_second",
        kind: Kind::Integer { min: 1, max: 10_000 },
        default: Some("100"),
        doc: "Requests to Vault a second.",
    }
    VAULT_MAX_ENTRY_BYTES: u64 = {
        path: "vault.max_entry_bytes",
        kind: Kind::Integer { min: 1_024, max: 67_108_864 },
        default: Some("1048576"),
        doc: "Largest secret that is written, in bytes: `max_entry_size` of Vault's storage.",
    }
    VAULT_MAX_STRINGS: Option<u64> = {
        path: "vault.max_strings",
        kind: Kind::Integer { min: 10, max: 100_000_000 },
        default: None,
        doc: "Most strings of one write: `max_request_json_strings` of OpenBao, 1000 unless it is set.",
    }
    STRATEGIES: Option<Vec<String>> = {
        path: "strategies",
        kind: Kind::List,
        default: None,
        doc: "Exactly these strategies, in this order; without it all, by priority.",
    }
    POLICY_KIND: Choice = {
        path: "policy.kind",
        kind: Kind::Choice(&PolicyKind::NAMES),
        default: Some("best"),
        doc: "How the strategies' opinions are weighed.",
    }
    POLICY_THRESHOLD: Confidence = {
        path: "policy.threshold",
        kind: Kind::Confidence,
        default: Some("0.7"),
        doc: "The least confidence of a match.",
    }
    POLICY_MARGIN: Confidence = {
        path: "policy.margin",
        kind: Kind::Confidence,
        default: Some("0.15"),
        doc: "The least lead of a match over the next instance.",
    }
    SCRIPTS_PATHS: Option<Vec<String>> = {
        path: "scripts.paths",
        kind: Kind::List,
        default: None,
        doc: "Folders or files with scripts that are strategies too.",
        secret: false,
    }
    SCRIPTS_MAX_PRIORITY: u64 = {
        path: "scripts.max_priority",
        kind: Kind::Integer { min: 0, max: 65_535 },
        default: Some("499"),
        doc: "The highest priority a script may have.",
        secret: false,
    }
    SCRIPTS_MAX_CONFIDENCE: Confidence = {
        path: "scripts.max_confidence",
        kind: Kind::Confidence,
        default: Some("0.9"),
        doc: "The most a script may be sure; what it says beyond that is cut.",
        secret: false,
    }
    SCRIPTS_ON_ERROR: Choice = {
        path: "scripts.on_error",
        kind: Kind::Choice(&["degrade", "ignore"]),
        default: Some("degrade"),
        doc: "Whether a script that fails degrades the decision.",
        secret: false,
    }
    WORKERS: Option<u64> = {
        path: "workers",
        kind: Kind::Integer { min: 1, max: 256 },
        default: None,
        doc: "Threads that match; without it as many as there are processors.",
    }
    VERIFY_INTERVAL: Duration = {
        path: "verify_interval",
        kind: Kind::Duration,
        default: Some("24h"),
        doc: "After how long every record is read again, also where nothing has changed.",
    }
    BATCH_SIZE: u64 = {
        path: "batch_size",
        kind: Kind::Integer { min: 1, max: 10_000 },
        default: Some("10"),
        doc: "Deployments handled together, between two reports of progress.",
    }
    BACKUP_ENABLED: bool = {
        path: "backup.enabled",
        kind: Kind::Bool,
        default: Some("true"),
        doc: "Whether a run keeps what it changes as an archive first.",
    }
    BACKUP_RETENTION: u64 = {
        path: "backup.retention",
        kind: Kind::Integer { min: 0, max: 10_000 },
        default: Some("10"),
        doc: "How many archives of an instance stay; 0 keeps all.",
    }
    BACKUP_CLEANUP: bool = {
        path: "backup.cleanup",
        kind: Kind::Bool,
        default: Some("true"),
        doc: "Whether a run removes the archives beyond that number.",
    }
    BACKUP_PATH: String = {
        path: "backup.path",
        kind: Kind::Text,
        default: Some("backups"),
        doc: "Name of the folder below an instance that archives are kept in.",
    }
    MAX_CONCURRENCY: u64 = {
        path: "max_concurrency",
        kind: Kind::Integer { min: 1, max: 256 },
        default: Some("5"),
        doc: "Deployments that are read or written at one moment.",
    }
    CACHE_TTL: Duration = {
        path: "cache_ttl",
        kind: Kind::Duration,
        default: Some("5m"),
        doc: "How long a manifest serves later scans of the same process.",
    }
}
