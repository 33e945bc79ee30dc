//! Keys of the catalog of services and plans.

use std::path::PathBuf;

use crate::config::Kind;
use crate::config::key::declare_keys;

declare_keys! {
    CATALOG_ROWS:

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
        doc: "The broker whose catalog is read, without `/v2/catalog`.",
        usual: "BLACKSMITH_URL",
    }
    CATALOG_USERNAME: Option<String> = {
        path: "catalog.username",
        kind: Kind::Text,
        default: None,
        doc: "The user at the broker.",
        usual: "BLACKSMITH_USERNAME",
    }
    CATALOG_PASSWORD: Option<String> = {
        path: "catalog.password",
        kind: Kind::Text,
        default: None,
        doc: "The password at the broker.",
        secret: true,
        usual: "BLACKSMITH_PASSWORD",
    }
    CATALOG_PASSWORD_FILE: Option<PathBuf> = {
        path: "catalog.password_file",
        kind: Kind::Path,
        default: None,
        doc: "File with the password at the broker, in the place of the text.",
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
}
