//! The archives there are: found by listing, never by a list that somebody
//! keeps and may lose.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::archive::{Archive, Fault};
use super::folder::BackupFolder;
use super::legacy::is_digest;
use super::problem::BackupError;
use super::when::Moment;
use crate::model::InstanceId;
use crate::ports::{PortError, SecretStore};

/// Where another reconciler keeps its archives, by instance and digest.
const BUNDLES: &str = "backups";

/// How many instances are looked at at once.
const AT_ONCE: usize = 8;

/// An archive that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// When it was taken.
    pub at: Moment,
    /// Where it is.
    pub path: String,
}

/// An archive that was found and cannot be understood.
pub type Unreadable = Fault;

/// The archives of one instance.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Whose archives.
    pub instance: InstanceId,
    /// The archives, newest first.
    pub archives: Vec<Listed>,
    /// What was found beside them and cannot be understood.
    pub unreadable: Vec<Unreadable>,
}

impl Listing {
    /// The seconds of the archives in a folder, newest first.
    #[must_use]
    pub fn seconds_in(&self, folder: &BackupFolder) -> Vec<u64> {
        let prefix = format!("{}/", folder.of(&self.instance));
        let names = self.archives.iter().filter_map(|listed| listed.path.strip_prefix(&prefix));
        names.filter_map(second_of).collect()
    }
}

/// The archives in a store.
#[derive(Debug, Clone)]
pub struct Shelf<'a> {
    store: &'a dyn SecretStore,
    folders: Vec<BackupFolder>,
}

impl<'a> Shelf<'a> {
    /// The archives in a store: in the folder in use, and where they usually
    /// are.
    #[must_use]
    pub fn new(store: &'a dyn SecretStore, folder: &BackupFolder) -> Self {
        let mut folders = vec![folder.clone()];
        for other in [BackupFolder::usual(), BackupFolder::apart()] {
            if !folders.contains(&other) {
                folders.push(other);
            }
        }
        Self { store, folders }
    }

    /// The folders below an instance that are looked at.
    #[must_use]
    pub fn folders(&self) -> &[BackupFolder] {
        &self.folders
    }

    /// The instances of which there may be an archive, sorted.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub async fn instances(&self) -> Result<Vec<InstanceId>, PortError> {
        let mut names = self.store.list("").await?;
        names.extend(self.store.list(BUNDLES).await?);
        let folders = names.iter().filter_map(|name| name.strip_suffix('/'));
        let mut instances: Vec<InstanceId> = folders.filter_map(|name| InstanceId::new(name).ok()).collect();
        // Spelling counts: paths do not fold the case of a UUID.
        instances.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        instances.dedup_by(|a, b| a.as_str() == b.as_str());
        Ok(instances)
    }

    /// The archives of an instance. Of those that are named by a digest each is
    /// read for its time.
    ///
    /// # Errors
    /// If the store cannot be listed or read.
    pub async fn list(&self, instance: &InstanceId) -> Result<Listing, PortError> {
        let mut listing =
            Listing { instance: instance.clone(), archives: Vec::new(), unreadable: Vec::new() };
        let own = self.folders.iter().map(|folder| folder.of(instance));
        for folder in own.chain([format!("{BUNDLES}/{instance}")]) {
            for name in self.store.list(&folder).await? {
                let path = format!("{folder}/{name}");
                if let Some(second) = second_of(&name) {
                    listing.archives.push(Listed { at: Moment(second), path });
                } else if is_digest(&name) {
                    self.date(path, &mut listing).await?;
                }
            }
        }
        listing.archives.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.path.cmp(&b.path)));
        Ok(listing)
    }

    /// The archives of all instances that have any.
    ///
    /// # Errors
    /// If the store cannot be listed or read.
    pub async fn list_all(&self) -> Result<Vec<Listing>, PortError> {
        let instances = self.instances().await?;
        let listings = stream::iter(&instances).map(|instance| self.list(instance)).buffered(AT_ONCE);
        let listings: Vec<Listing> = listings.try_collect().await?;
        let has_any = |listing: &Listing| !listing.archives.is_empty() || !listing.unreadable.is_empty();
        Ok(listings.into_iter().filter(has_any).collect())
    }

    /// Reads an archive for its time.
    async fn date(&self, path: String, listing: &mut Listing) -> Result<(), PortError> {
        let slot = self.store.read(&path).await?;
        // What was deleted softly is still listed.
        let Some(data) = slot.data() else { return Ok(()) };
        match Archive::decode(&listing.instance, &path, data) {
            Ok(archive) => listing.archives.push(Listed { at: archive.at, path }),
            Err(fault) => listing.unreadable.push(fault),
        }
        Ok(())
    }

    /// Reads an archive.
    ///
    /// # Errors
    /// If it is not there, or cannot be read or understood.
    pub async fn read(&self, instance: &InstanceId, listed: &Listed) -> Result<Archive, BackupError> {
        let slot = self.store.read(&listed.path).await?;
        let gone = || Fault { path: listed.path.clone(), why: "it was deleted".to_owned() };
        let data = slot.data().ok_or_else(gone)?;
        Ok(Archive::decode(instance, &listed.path, data)?)
    }
}

/// The second that a name means: digits only, without a leading zero, so that
/// a name and its second are one.
pub(super) fn second_of(name: &str) -> Option<u64> {
    let second: u64 = name.parse().ok()?;
    (second.to_string() == name).then_some(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_seconds() {
        assert_eq!(second_of("1767225600"), Some(1_767_225_600));
        for name in ["", "index", "01", "+1", "1/", "1e9", "18446744073709551616"] {
            assert_eq!(second_of(name), None, "{name}");
        }
    }
}
