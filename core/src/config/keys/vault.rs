//! Keys of Vault as the store of records.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Kind;
use crate::config::key::declare_keys;

declare_keys! {
    VAULT_ROWS:

    VAULT_ADDRESS: Option<String> = {
        path: "vault.address",
        kind: Kind::Text,
        default: None,
        doc: "Address of Vault.",
        usual: "VAULT_ADDR",
    }
    VAULT_TOKEN: Option<String> = {
        path: "vault.token",
        kind: Kind::Text,
        default: None,
        doc: "Token for Vault; where nothing says one, that of `~/.vault-token`.",
        secret: true,
        usual: "VAULT_TOKEN",
    }
    VAULT_TOKEN_FILE: Option<PathBuf> = {
        path: "vault.token_file",
        kind: Kind::Path,
        default: None,
        doc: "File with the token for Vault, or Blacksmith's own file with its `root_token`.",
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
    VAULT_SECRET_ID_FILE: Option<PathBuf> = {
        path: "vault.secret_id_file",
        kind: Kind::Path,
        default: None,
        doc: "File with that secret, in the place of the text.",
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
        doc: "Namespace in Vault.",
        usual: "VAULT_NAMESPACE",
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
        doc: "File with the CA of Vault's certificate.",
        usual: "VAULT_CACERT",
    }
    VAULT_CA_PATH: Option<PathBuf> = {
        path: "vault.ca_path",
        kind: Kind::Path,
        default: None,
        doc: "Folder with CAs, where no file is named.",
        usual: "VAULT_CAPATH",
    }
    VAULT_CLIENT_CERT: Option<PathBuf> = {
        path: "vault.client_cert",
        kind: Kind::Path,
        default: None,
        doc: "File with our own certificate for Vault.",
        usual: "VAULT_CLIENT_CERT",
    }
    VAULT_CLIENT_KEY: Option<PathBuf> = {
        path: "vault.client_key",
        kind: Kind::Path,
        default: None,
        doc: "File with the key of that certificate.",
        usual: "VAULT_CLIENT_KEY",
    }
    VAULT_SERVER_NAME: Option<String> = {
        path: "vault.server_name",
        kind: Kind::Text,
        default: None,
        doc: "Name in Vault's certificate; where nothing says one, that of the address.",
        usual: "VAULT_TLS_SERVER_NAME",
    }
    VAULT_INSECURE: Option<bool> = {
        path: "vault.insecure",
        kind: Kind::Bool,
        default: None,
        doc: "Accepts any certificate of Vault.",
        usual: "VAULT_SKIP_VERIFY",
    }
    VAULT_TIMEOUT: Option<Duration> = {
        path: "vault.timeout",
        kind: Kind::Duration,
        default: None,
        doc: "Longest time of one request; where nothing says one, 1m.",
        usual: "VAULT_CLIENT_TIMEOUT",
    }
    VAULT_TRIES: Option<u64> = {
        path: "vault.tries",
        kind: Kind::Integer { min: 1, max: 20 },
        default: None,
        doc: "Tries of one request; where nothing says them, 4. The variable counts those after the first.",
        usual: "VAULT_MAX_RETRIES",
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
}
