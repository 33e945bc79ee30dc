//! Keys of runs: whether, how often, how long, how much at once.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Kind;
use crate::config::key::declare_keys;

/// Less would be no time at all, and mostly a slip of the unit.
const SECOND: Kind = Kind::DurationFrom(Duration::from_secs(1));

declare_keys! {
    RUN_ROWS:

    FLEET: Option<PathBuf> = {
        path: "fleet",
        kind: Kind::Path,
        default: None,
        doc: "Folder with the deployments to match, one manifest each.",
    }
    ENABLED: bool = {
        path: "enabled",
        kind: Kind::Bool,
        default: Some("true"),
        doc: "Whether `run` and the daemon reconcile at all.",
    }
    INTERVAL: Duration = {
        path: "interval",
        kind: SECOND,
        default: Some("1h"),
        doc: "The time from the start of a run of the daemon to the start of the next.",
    }
    JITTER: Duration = {
        path: "jitter",
        kind: Kind::Duration,
        default: Some("1m"),
        doc: "The most that is added to an interval at random; never more than a tenth of it.",
    }
    RUN_TIMEOUT: Option<Duration> = {
        path: "run_timeout",
        kind: SECOND,
        default: None,
        doc: "The time after which a run finishes the instances in hand and ends; without it none.",
    }
    SHUTDOWN_TIMEOUT: Duration = {
        path: "shutdown_timeout",
        kind: Kind::Duration,
        default: Some("30s"),
        doc: "The time a run has to end in order after a signal.",
    }
    RETRY_ATTEMPTS: u64 = {
        path: "retry_attempts",
        kind: Kind::Integer { min: 0, max: 100 },
        default: Some("3"),
        doc: "How often a deployment that failed is tried again within a run.",
    }
    RETRY_DELAY: Duration = {
        path: "retry_delay",
        kind: Kind::Duration,
        default: Some("10s"),
        doc: "The time before the first of these tries, and before a run that failed is made again; it doubles each time.",
    }
    RETRY_MAX_DELAY: Duration = {
        path: "retry_max_delay",
        kind: Kind::Duration,
        default: Some("1m"),
        doc: "The longest time between two of these tries.",
    }
    MAX_CONCURRENCY: u64 = {
        path: "max_concurrency",
        kind: Kind::Integer { min: 1, max: 256 },
        default: Some("5"),
        doc: "Deployments that are read or written at one moment.",
    }
    BATCH_SIZE: u64 = {
        path: "batch_size",
        kind: Kind::Integer { min: 1, max: 10_000 },
        default: Some("10"),
        doc: "Deployments handled together, between two reports of progress.",
    }
    WORKERS: Option<u64> = {
        path: "workers",
        kind: Kind::Integer { min: 1, max: 256 },
        default: None,
        doc: "Threads that match; without it as many as there are processors.",
    }
    CACHE_TTL: Duration = {
        path: "cache_ttl",
        kind: Kind::Duration,
        default: Some("5m"),
        doc: "How long a manifest serves later scans of the same process.",
    }
    VERIFY_INTERVAL: Duration = {
        path: "verify_interval",
        kind: Kind::Duration,
        default: Some("24h"),
        doc: "After how long every record is read again, also where nothing has changed.",
    }
    COEXIST: bool = {
        path: "coexist",
        kind: Kind::Bool,
        default: Some("false"),
        doc: "Whether entries turn missing although Blacksmith's own reconciler, which removes such entries, works beside us.",
    }
}
