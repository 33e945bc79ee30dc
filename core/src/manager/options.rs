//! How a run is made, as a value.

use chrono::Duration;

use super::filter::Filter;
use super::journal::JournalBounds;
use super::retry::RetryPolicy;
use super::trigger::Trigger;
use crate::backup::BackupPolicy;
use crate::updater::HistoryLimits;

/// How a run is made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunOptions {
    /// Whether nothing may be written.
    pub dry_run: bool,
    /// How many deployments are decided at once; a unit of progress.
    pub batch_size: usize,
    /// How many deployments are worked on at once: read, or written.
    pub concurrency: usize,
    /// What is written and shown.
    pub filter: Filter,
    /// Whether every record is read, also where the index says that nothing has
    /// changed since it was written.
    pub full: bool,
    /// After how long every record is read again in any case.
    pub verify_interval: Duration,
    /// Whether and how archives are kept of what is changed.
    pub backups: BackupPolicy,
    /// Whether the VMs of deployments are read too, with a request for each.
    pub instances: bool,
    /// What stays in the history of an instance.
    pub history: HistoryLimits,
    /// How often deployments that failed are tried again.
    pub retry: RetryPolicy,
    /// What began the run.
    pub trigger: Trigger,
    /// How much the journal keeps.
    pub journal: JournalBounds,
    /// How far two runs are apart. Between the first scan that does not see a
    /// deployment and the one that may prove its absence it is at least this,
    /// and at least an hour.
    pub interval: Duration,
    /// How many entries may turn missing in this run, if that is more than the
    /// usual limit.
    pub allow_missing: Option<usize>,
    /// Whether entries turn missing also beside another reconciler, which takes
    /// them out of the index a day later.
    pub coexist: bool,
    /// Whether an index may be begun though the store was used before.
    pub begin_index: bool,
    /// Whether entries may be made again in any number that an earlier run saw and
    /// that are not there any more.
    pub allow_fewer_entries: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            dry_run: false,
            batch_size: 10,
            concurrency: 5,
            filter: Filter::default(),
            full: false,
            verify_interval: Duration::hours(24),
            backups: BackupPolicy::default(),
            instances: false,
            history: HistoryLimits::default(),
            retry: RetryPolicy::default(),
            trigger: Trigger::default(),
            journal: JournalBounds::default(),
            interval: Duration::hours(1),
            allow_missing: None,
            coexist: false,
            begin_index: false,
            allow_fewer_entries: false,
        }
    }
}
