//! Keys of what stands in an instance's records.

use std::time::Duration;

use crate::config::Kind;
use crate::config::key::declare_keys;

declare_keys! {
    RECORDS_ROWS:

    SCANNER_INSTANCES: bool = {
        path: "scanner.instances",
        kind: Kind::Bool,
        default: Some("false"),
        doc: "Whether the VMs of each deployment are read and kept in its metadata, with a request for each.",
    }
    HISTORY_MAX_ENTRIES: u64 = {
        path: "history.max_entries",
        kind: Kind::Integer { min: 0, max: 1_000_000 },
        default: Some("1000"),
        doc: "How many entries of reconcilers stay in an instance's history, the broker's not counted; 0 keeps all.",
    }
    HISTORY_MAX_AGE: Duration = {
        path: "history.max_age",
        kind: Kind::Duration,
        default: Some("0s"),
        doc: "How long entries of reconcilers stay in an instance's history; 0s keeps all.",
    }
}
