//! Keys of backups.

use crate::config::Kind;
use crate::config::key::declare_keys;

declare_keys! {
    BACKUP_ROWS:

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
}
