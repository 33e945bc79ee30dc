//! Why something could not be done with archives.

use super::archive::Fault;
use super::contents::Part;
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
    /// A restore failed after it had begun to write.
    #[error("{error}; {}", so_far(put_back, *is_held))]
    Unfinished {
        /// What failed.
        error: PortError,
        /// The order that goes on with it. The newest archive is another one by
        /// now: the one of what is replaced.
        order: String,
        /// The parts that stand as the archive holds them.
        put_back: Vec<Part>,
        /// Whether runs leave the instance alone already.
        is_held: bool,
    },
}

/// How far a restore has come.
fn so_far(put_back: &[Part], is_held: bool) -> String {
    let parts: Vec<&str> = put_back.iter().map(|part| part.name()).collect();
    match (parts.as_slice(), is_held) {
        ([], false) => "nothing is put back yet".to_owned(),
        ([], true) => "the instance is held, and nothing is put back yet".to_owned(),
        (parts, _) => format!("the instance is held, and put back already: {}", parts.join(", ")),
    }
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
            Self::Unfinished { error, order, .. } => {
                let first = error.advice.as_ref().map(|advice| format!("{advice}; ")).unwrap_or_default();
                Some(format!("{first}give the order again, by the archive's own time: `{order}`"))
            }
        }
    }
}
