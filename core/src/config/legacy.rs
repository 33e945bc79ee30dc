//! Keys of Blacksmith's own reconciler that this version does not use.
//!
//! The broker reads the same section of the same file, so an operator may have
//! them there for its sake: they are worth a notice, not an error. Their
//! values are not looked at. A key that becomes real moves from here to the
//! table of keys; one that means the same as one of ours is a spelling of it.

/// The keys, in both generations' spellings. A variable's name follows from
/// the path as for any other key.
pub static LEGACY: &[&str] = &[
    // Concurrency and batches.
    "max_deployments_per_run",
    "max_parallel_batch",
    "min_batch_size",
    "max_batch_size",
    "batch_delay",
    "adaptive_scaling",
    "queue_size",
    "worker_pool_size",
    "cooldown_period",
    // Retries, caches and time limits.
    "scan_timeout",
    "discovery_timeout",
    "vault_timeout",
    "health_timeout",
    // Backups.
    "backup.retention_days",
    "backup.compression",
    "backup.compression_level",
    "backup.on_update",
    "backup.on_delete",
    "backup.backup_on_update",
    "backup.backup_on_delete",
    // Metrics.
    "metrics.enabled",
    "metrics.interval",
    "metrics.retention",
    "metrics.prometheus",
];

/// The one whose variable is that of a key in use: `vault.timeout` means the
/// same, so the variable sets it. The key in the file still has no effect.
#[cfg(test)]
pub(super) const SHARES_ITS_VARIABLE: &str = "vault_timeout";

/// Whether a path is such a key.
pub(super) fn is_legacy(path: &str) -> bool {
    LEGACY.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::{LEGACY, is_legacy};
    use crate::config::TABLE;

    #[test]
    fn a_key_is_in_use_or_not() {
        for spec in TABLE {
            assert!(!is_legacy(spec.path), "{} is in both tables", spec.path);
        }
        for path in LEGACY {
            let below = format!("{path}.");
            assert!(
                !LEGACY.iter().any(|other| other.starts_with(&below)),
                "{path} is both a key and a section"
            );
        }
    }
}
