//! What a run found out about a deployment, so that the next one need not ask
//! again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Version;

/// What is remembered, by deployment.
pub type Recollections = BTreeMap<String, Recollection>;

/// The versions of an instance's records: its own, the manifest, the metadata.
pub type Versions = [Version; 3];

/// The versions that a run left an instance's records in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Identifies whose records they are, and in which store.
    pub place: String,
    /// The versions.
    pub versions: Versions,
}

/// What is remembered of one deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recollection {
    /// What was concluded about its instance's records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<Conclusion>,
    /// The versions of its instance's records as the last run left them, if it
    /// read or wrote them. An older release did not note whose, under `left`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "left_at")]
    pub left: Option<Left>,
    /// Where it comes from, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What keeps its instance from being called missing, if it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<Hindrance>,
}

/// What was concluded about an instance's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Conclusion {
    /// They are right, though the index entry does not say so.
    Right {
        /// Identifies everything that led to it but the records themselves.
        grounds: String,
    },
    /// They are right, but for when the instance was made: the Director's events
    /// could not be read.
    Undated {
        /// Identifies everything that led to it but the records themselves.
        grounds: String,
    },
    /// They are left alone.
    LeftAlone {
        /// Identifies everything that led to it but the records themselves.
        grounds: String,
        /// The code of the finding that says so.
        code: String,
        /// What the finding says.
        message: String,
        /// When the records were read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read_at: Option<DateTime<Utc>>,
        /// When that ends by itself, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// A run that read every record did not come to these.
    Unverified,
}

impl Conclusion {
    /// What it was drawn from, if it was.
    #[must_use]
    pub fn grounds(&self) -> Option<&str> {
        match self {
            Self::Right { grounds } | Self::Undated { grounds } | Self::LeftAlone { grounds, .. } => {
                Some(grounds)
            }
            Self::Unverified => None,
        }
    }
}

/// What the store says that keeps an entry from being called missing, though all
/// else speaks for it. What proves an absence is never remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hindrance {
    /// Identifies the entry and where it stands.
    pub grounds: String,
    /// When the store was asked.
    pub read_at: DateTime<Utc>,
    /// What it is.
    #[serde(flatten)]
    pub why: Hindered,
}

/// What keeps an entry from being called missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Hindered {
    /// The broker's own task is under way.
    Task {
        /// Until when its note is believed.
        until: DateTime<Utc>,
    },
    /// Another reconciler keeps archives in the store.
    AnotherReconciler,
    /// More entries would turn than a run may call so, and no other reconciler
    /// keeps archives in the store.
    Limit,
    /// The store does not let us look at the broker's own task.
    TaskDenied {
        /// What it said.
        why: String,
    },
    /// The store does not let us look for another reconciler's archives.
    ArchivesDenied {
        /// What it said.
        why: String,
    },
}

/// Where a deployment comes from, by the Director's events. What these do not
/// tell is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// Who created it.
    pub created_by: Option<String>,
}
