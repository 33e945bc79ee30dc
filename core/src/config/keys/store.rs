//! Keys of where records and the memory of runs are kept.

use std::path::PathBuf;

use crate::config::Kind;
use crate::config::key::declare_keys;

declare_keys! {
    STORE_ROWS:

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
}
