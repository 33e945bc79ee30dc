//! Whether another reconciler works on the same records: Blacksmith's own, which
//! clears the folder `backups` below instances, and takes entries out of the
//! index a day after it has called them orphaned.

use std::fmt;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use tokio::sync::OnceCell;

use super::folder::BackupFolder;
use crate::model::{Index, InstanceId};
use crate::ports::{PortError, SecretStore};
use crate::updater::REFERENCE_SIGNATURE;
use crate::updater::time;

/// How old a signature may be: one that is older was left behind.
const FRESH: Duration = Duration::hours(48);
/// How far in the future it may be: clocks differ.
const SKEW: Duration = Duration::hours(1);

/// By what another reconciler was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sign {
    /// It signed an entry of the index lately.
    Signature {
        /// The entry's instance.
        instance: InstanceId,
        /// When.
        at: DateTime<Utc>,
    },
    /// It keeps archives at the top of the store.
    Archives,
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature { instance, at } => {
                write!(f, "it signed entry `{instance}` at {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
            }
            Self::Archives => write!(f, "it keeps archives in `{}` at the top", BackupFolder::USUAL),
        }
    }
}

/// Another reconciler, if there is one. The store is asked at most once, and
/// only by who needs to know.
#[derive(Debug)]
pub struct OtherReconciler<'a> {
    store: &'a dyn SecretStore,
    signature: Option<Sign>,
    archives: OnceCell<Option<Sign>>,
}

impl<'a> OtherReconciler<'a> {
    /// Looks for a fresh signature in the index.
    #[must_use]
    pub fn new(store: &'a dyn SecretStore, index: &Index, now: DateTime<Utc>) -> Self {
        let signed = index.entries().iter().filter_map(|entry| {
            let by = entry.fields.text("reconciled_by")?;
            let at = time(&entry.fields, "reconciled_at").filter(|_| by == REFERENCE_SIGNATURE)?;
            (now - at < FRESH && at - now < SKEW).then(|| (at, entry.instance.clone()))
        });
        let newest = signed.max_by_key(|(at, _)| *at);
        let signature = newest.map(|(at, instance)| Sign::Signature { instance, at });
        Self { store, signature, archives: OnceCell::new() }
    }

    /// What is known of it without asking anybody.
    #[must_use]
    pub fn known(&self) -> Option<&Sign> {
        self.signature.as_ref().or_else(|| self.archives.get()?.as_ref())
    }

    /// An earlier run noticed its archives, and they are believed to be there.
    pub fn was_noticed(&self) {
        // If the store was asked already, that counts.
        let _ = self.archives.set(Some(Sign::Archives));
    }

    /// By what it is noticed; nothing if it is not.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub async fn sign(&self) -> Result<Option<&Sign>, PortError> {
        if let Some(signature) = &self.signature {
            return Ok(Some(signature));
        }
        let list = || async {
            let names = self.store.list(BackupFolder::USUAL).await?;
            Ok((!names.is_empty()).then_some(Sign::Archives))
        };
        Ok(self.archives.get_or_try_init(list).await?.as_ref())
    }
}
