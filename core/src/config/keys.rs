//! All keys of this version: the one place to add another.
//!
//! A row is what `config show`, the documentation and every source go by; the
//! constant of the same name is how the program reads it.

use std::path::PathBuf;

use super::key::declare_keys;
use super::{Choice, Kind};
use crate::matching::{Confidence, PolicyKind};

declare_keys! {
    FLEET: Option<PathBuf> = {
        path: "fleet",
        kind: Kind::Path,
        default: None,
        doc: "Folder with the deployments to match, one manifest each.",
        secret: false,
    }
    CATALOG_PATH: Option<PathBuf> = {
        path: "catalog.path",
        kind: Kind::Path,
        default: None,
        doc: "File or folder with the catalog of services and plans.",
        secret: false,
    }
    STORE_PATH: Option<PathBuf> = {
        path: "store.path",
        kind: Kind::Path,
        default: None,
        doc: "File of the embedded store of records.",
        secret: false,
    }
    STATE_PATH: Option<PathBuf> = {
        path: "state.path",
        kind: Kind::Path,
        default: None,
        doc: "File that keeps what a run needs to know of earlier ones.",
        secret: false,
    }
    STRATEGIES: Option<Vec<String>> = {
        path: "strategies",
        kind: Kind::List,
        default: None,
        doc: "Exactly these strategies, in this order; without it all, by priority.",
        secret: false,
    }
    POLICY_KIND: Choice = {
        path: "policy.kind",
        kind: Kind::Choice(&PolicyKind::NAMES),
        default: Some("best"),
        doc: "How the strategies' opinions are weighed.",
        secret: false,
    }
    POLICY_THRESHOLD: Confidence = {
        path: "policy.threshold",
        kind: Kind::Confidence,
        default: Some("0.7"),
        doc: "The least confidence of a match.",
        secret: false,
    }
    POLICY_MARGIN: Confidence = {
        path: "policy.margin",
        kind: Kind::Confidence,
        default: Some("0.15"),
        doc: "The least lead of a match over the next instance.",
        secret: false,
    }
    WORKERS: Option<u64> = {
        path: "workers",
        kind: Kind::Integer { min: 1, max: 256 },
        default: None,
        doc: "Threads that match; without it as many as there are processors.",
        secret: false,
    }
    BATCH_SIZE: u64 = {
        path: "batch_size",
        kind: Kind::Integer { min: 1, max: 10_000 },
        default: Some("10"),
        doc: "Deployments handled together, between two reports of progress.",
        secret: false,
    }
    BACKUP_ENABLED: bool = {
        path: "backup.enabled",
        kind: Kind::Bool,
        default: Some("true"),
        doc: "Whether a run keeps what it changes as an archive first.",
        secret: false,
    }
    BACKUP_RETENTION: u64 = {
        path: "backup.retention",
        kind: Kind::Integer { min: 0, max: 10_000 },
        default: Some("10"),
        doc: "How many archives of an instance stay; 0 keeps all.",
        secret: false,
    }
    BACKUP_CLEANUP: bool = {
        path: "backup.cleanup",
        kind: Kind::Bool,
        default: Some("true"),
        doc: "Whether a run removes the archives beyond that number.",
        secret: false,
    }
    BACKUP_PATH: String = {
        path: "backup.path",
        kind: Kind::Text,
        default: Some("backups"),
        doc: "Name of the folder below an instance that archives are kept in.",
        secret: false,
    }
}
