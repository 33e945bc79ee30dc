//! A versioned key-value store of secrets, with the meaning of Vault's KV v2.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::PortError;
use crate::model::JsonObject;

/// Counts the writes to one path, from 1; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(pub u64);

impl Version {
    /// Nothing was ever written: a write that expects this version creates.
    pub const NEVER: Self = Self(0);
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq)]
pub enum Slot {
    /// Nothing. After a soft delete the version is still the one that the next
    /// write has to name.
    Vacant {
        /// The version to name in a write.
        version: Version,
    },
    /// A secret.
    Present {
        /// Its version.
        version: Version,
        /// Its fields.
        data: JsonObject,
    },
}

impl Slot {
    /// The version a write has to name.
    #[must_use]
    pub fn version(&self) -> Version {
        match self {
            Self::Vacant { version } | Self::Present { version, .. } => *version,
        }
    }

    /// The fields, if there is a secret.
    #[must_use]
    pub fn data(&self) -> Option<&JsonObject> {
        match self {
            Self::Vacant { .. } => None,
            Self::Present { data, .. } => Some(data),
        }
    }
}

/// Where a store is, for people.
pub type StoreAddress = String;

/// Secrets by path, each write checked against the version that was read.
///
/// Paths are relative to the mount, without a leading slash: `db`,
/// `{id}/metadata`. An empty path, a leading or trailing slash, `//`, `.` and
/// `..` as segments are refused as `Local` errors before anything is sent.
#[async_trait]
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// Reads the newest version. What is not there is a vacant slot; every
    /// failure to find out is an error.
    ///
    /// # Errors
    /// Any kind but `NotFound` and `Conflict`.
    async fn read(&self, path: &str) -> Result<Slot, PortError>;

    /// Replaces the whole secret if its version is still `expected`, and gives
    /// the new version.
    ///
    /// # Errors
    /// `Conflict` if the version is another; `Ambiguous` if it is unknown
    /// whether the write took place; `TooLarge`; and the kinds of `read`.
    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError>;

    /// The names directly below a path (`""` is the top), sorted; a name that
    /// has further names below it ends with `/`. Soft-deleted secrets are
    /// listed. Nothing below is an empty list.
    ///
    /// # Errors
    /// The kinds of `read`.
    async fn list(&self, path: &str) -> Result<Vec<String>, PortError>;

    /// Deletes the newest version softly: the path reads as vacant, its
    /// version stays.
    ///
    /// # Errors
    /// The kinds of `read`, and `Ambiguous`.
    async fn delete(&self, path: &str) -> Result<(), PortError>;

    /// Removes a secret with all its versions. Only for archives of our own.
    ///
    /// # Errors
    /// The kinds of `read`, and `Ambiguous`.
    async fn purge(&self, path: &str) -> Result<(), PortError>;

    /// Where this store is, for people: an address or a file, no secret.
    fn address(&self) -> StoreAddress;
}
