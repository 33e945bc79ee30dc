//! Why something could not be done with archives.

use super::archive::Fault;
use super::when::When;
use crate::model::InstanceId;
use crate::ports::PortError;

/// Why something could not be done with archives.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// An archive cannot be understood.
    #[error(transparent)]
    Unreadable(#[from] Fault),
    /// No archive is meant.
    #[error("there is no archive of instance `{instance}` at `{when}`")]
    Missing {
        /// Whose archive.
        instance: InstanceId,
        /// Which one.
        when: When,
    },
    /// More than one archive is meant.
    #[error("instance `{instance}` has more than one archive at `{when}`")]
    Ambiguous {
        /// Whose archives.
        instance: InstanceId,
        /// Which time.
        when: When,
        /// Their places, counted from the newest.
        places: Vec<usize>,
    },
    /// A guard refused.
    #[error("refused: {reason}")]
    Refused {
        /// What was seen.
        reason: String,
        /// What to do.
        advice: String,
    },
}

impl BackupError {
    /// What to do next, where there is something to do.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Port(error) => error.advice.as_ref().map(ToString::to_string),
            Self::Unreadable(_) => {
                Some("choose another archive; `backups verify --all` tells which are whole".into())
            }
            Self::Missing { instance, .. } => {
                Some(format!("`backups list {instance}` shows the archives there are"))
            }
            Self::Ambiguous { places, .. } => {
                let places: Vec<String> = places.iter().map(|place| format!("@-{place}")).collect();
                Some(format!("choose one by its place: {}", places.join(" or ")))
            }
            Self::Refused { advice, .. } => Some(advice.clone()),
        }
    }
}
