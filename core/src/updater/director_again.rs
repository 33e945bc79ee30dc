//! The Director once more, before what somebody else wrote is replaced by what
//! it said some time ago.

use std::fmt;

use async_trait::async_trait;

use super::change::Finding;
use crate::model::DeploymentName;
use crate::ports::PortError;

/// Asks the Director how a deployment stands by now.
#[async_trait]
pub trait DirectorAgain: fmt::Debug + Send + Sync {
    /// Why what was decided about a deployment does not hold any more: it has
    /// another manifest, or a task works on it. None: it still holds.
    ///
    /// # Errors
    /// If the Director cannot say.
    async fn has_moved(&self, deployment: &DeploymentName) -> Result<Option<Finding>, PortError>;
}
