//! What the writing of an instance asks for first: that somebody keeps what it
//! changes.

use std::fmt;

use async_trait::async_trait;

use super::change::{Finding, InstanceChange};
use super::instance::Observed;
use crate::ports::PortError;

/// What was kept.
#[derive(Debug, Clone, Default)]
pub struct Backup {
    /// The archive that holds it; nothing if there was nothing to keep.
    pub path: Option<String>,
    /// Whether it was written for this change.
    pub written: bool,
    /// Whether somebody else kept an archive of the instance since the run
    /// began: perhaps it is being restored.
    pub overtaken: bool,
    /// What people should know.
    pub findings: Vec<Finding>,
}

/// Keeps what a change would replace.
#[async_trait]
pub trait BackupTaker: fmt::Debug + Send + Sync {
    /// Keeps what was read of an instance, if the change writes anything.
    ///
    /// # Errors
    /// If it cannot be kept: then the instance must not be written.
    async fn take(&self, observed: &Observed, change: &InstanceChange) -> Result<Backup, PortError>;
}
