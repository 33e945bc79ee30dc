//! The archives that a run takes: before the first write of an instance, and
//! only if something will be written.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::beside::OtherReconciler;
use super::contents::{Contents, Part};
use super::folder::BackupFolder;
use super::keeping::{Snapshot, keep};
use super::retention::prune;
use super::when::Moment;
use crate::model::{Index, InstanceId, JsonObject, layout};
use crate::ports::{PortError, SecretStore, Slot, Version};
use crate::updater::{
    Backup, BackupTaker, EntryChange, Finding, InstanceChange, Observed, Stamp, bears_our_stamp,
};

/// Whether and how archives are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupPolicy {
    /// Whether a run takes them.
    pub enabled: bool,
    /// How many of each instance stay; 0 keeps all.
    pub retention: usize,
    /// Whether a run removes the older ones.
    pub cleanup: bool,
    /// The folder below an instance, where somebody chose one.
    pub folder: Option<BackupFolder>,
}

impl Default for BackupPolicy {
    fn default() -> Self {
        Self { enabled: true, retention: 10, cleanup: true, folder: None }
    }
}

impl BackupPolicy {
    /// The folder that was chosen, or the usual one.
    #[must_use]
    pub fn folder(&self) -> BackupFolder {
        self.folder.clone().unwrap_or_else(BackupFolder::usual)
    }
}

/// The folder for a new archive: the one that somebody chose; else the usual
/// one, unless another reconciler works on the same records: that one clears the
/// usual folder below instances.
///
/// # Errors
/// If the store cannot be listed.
pub async fn folder_in_use(
    other: &OtherReconciler<'_>,
    policy: &BackupPolicy,
) -> Result<BackupFolder, PortError> {
    if let Some(folder) = &policy.folder {
        return Ok(folder.clone());
    }
    Ok(if other.sign().await?.is_none() { BackupFolder::usual() } else { BackupFolder::apart() })
}

/// Takes the archives of one run.
#[derive(Debug)]
pub struct RunBackups<'a> {
    store: &'a dyn SecretStore,
    other: &'a OtherReconciler<'a>,
    policy: &'a BackupPolicy,
    index: &'a Index,
    index_version: Version,
    stamp: Stamp,
    folder: OnceCell<BackupFolder>,
}

impl<'a> RunBackups<'a> {
    /// For a run that read this index.
    #[must_use]
    pub fn new(
        store: &'a dyn SecretStore,
        other: &'a OtherReconciler<'a>,
        policy: &'a BackupPolicy,
        index: &'a Index,
        index_version: Version,
        stamp: Stamp,
    ) -> Self {
        Self { store, other, policy, index, index_version, stamp, folder: OnceCell::new() }
    }

    /// The folder that this run uses, chosen with its first archive.
    async fn folder(&self) -> Result<&BackupFolder, PortError> {
        self.folder.get_or_try_init(|| folder_in_use(self.other, self.policy)).await
    }

    /// Keeps what stands there of an instance whose entry changes and whose
    /// records do not. Reads the records, unless there is nothing to keep.
    ///
    /// # Errors
    /// If it cannot be read or kept: then the entry must not be written.
    pub async fn take_before(&self, change: &EntryChange) -> Result<Backup, PortError> {
        let instance = &change.instance;
        if !self.is_worth(instance, false, self.after(change).as_ref()) {
            return Ok(Backup::default());
        }
        let root = self.store.read(&layout::root(instance)).await?;
        let manifest = self.store.read(&layout::manifest(instance)).await?;
        let metadata = self.store.read(&layout::metadata(instance)).await?;
        self.deposit(instance, [&root, &manifest, &metadata], vec![Part::Index]).await
    }

    /// The instance's entry as this run read it.
    fn entry(&self, instance: &InstanceId) -> Option<&JsonObject> {
        self.index.entry(instance).map(|entry| &entry.fields)
    }

    /// The entry after a change; nothing if it is right already.
    fn after(&self, change: &EntryChange) -> Option<JsonObject> {
        change.fields.apply(self.entry(&change.instance))
    }

    /// Whether a change replaces anything that must be kept.
    fn is_worth(&self, instance: &InstanceId, has_secrets: bool, after: Option<&JsonObject>) -> bool {
        let entry = self.entry(instance);
        self.policy.enabled && (has_secrets || after.is_some_and(|after| !says_the_same(entry, after)))
    }

    /// Keeps root, manifest and metadata as they were read, and the entry.
    async fn deposit(
        &self,
        instance: &InstanceId,
        [root, manifest, metadata]: [&Slot; 3],
        replaced: Vec<Part>,
    ) -> Result<Backup, PortError> {
        let mut backup = Backup::default();
        let entry = self.entry(instance);
        let mut contents = Contents::new().with(Part::Index, entry);
        let mut versions = BTreeMap::from([(Part::Index, self.index_version)]);
        for (part, slot) in [(Part::Root, root), (Part::Manifest, manifest), (Part::Metadata, metadata)] {
            contents = contents.with(part, slot.data());
            versions.insert(part, slot.version());
        }
        // Of an instance that we are the first to write there is nothing to
        // lose.
        if contents.is_empty() || (entry.is_none() && is_our_own_beginning(&contents, &versions)) {
            return Ok(backup);
        }
        let folder = self.folder().await?;
        let at = Moment::of(self.stamp.at);
        let snapshot = Snapshot { instance, contents, versions, replaced, reason: "run", at };
        let deposit = keep(self.store, folder, &snapshot).await?;
        backup.written = deposit.written;
        backup.path = Some(deposit.path);
        let mut others =
            deposit.seconds.iter().filter(|second| !deposit.written || **second != deposit.second);
        backup.overtaken = others.any(|second| *second >= at.0);
        if deposit.written && was_ours(&snapshot.contents) {
            backup.findings.extend(self.clean_up(instance, folder, &deposit.seconds, deposit.second).await);
        }
        Ok(backup)
    }

    /// Keeps few, if that is wished. Too many archives are no reason to leave
    /// an instance as it is.
    async fn clean_up(
        &self,
        instance: &InstanceId,
        folder: &BackupFolder,
        seconds: &[u64],
        fresh: u64,
    ) -> Option<Finding> {
        if !self.policy.cleanup {
            return None;
        }
        let retention = self.policy.retention;
        let pruned = prune(self.store, folder, instance, seconds, retention, Some(fresh), false).await;
        let error = pruned.err()?;
        let message = format!("older archives stay: {error}; `backups prune` removes them");
        Some(Finding::new("backup.not-pruned", instance, message))
    }
}

/// Whether an entry differs in nothing but our own notes and times.
fn says_the_same(before: Option<&JsonObject>, after: &JsonObject) -> bool {
    let digest = |entry| Contents::new().with(Part::Index, entry).digest();
    before.is_some() && digest(before) == digest(Some(after))
}

/// Whether what stands there says that a run of ours wrote it before: if not, no
/// older archive is ours.
fn was_ours(contents: &Contents) -> bool {
    let entry = contents.get(Part::Index);
    entry.is_some_and(|entry| entry.iter().any(|(field, _)| field.starts_with(layout::OWN_FIELDS)))
        || contents.get(Part::Metadata).is_some_and(bears_our_stamp)
}

/// Whether all that stands there was begun by a run of ours that did not come to
/// its end, and nobody else has written it: each part in its first version, with
/// our stamp.
fn is_our_own_beginning(contents: &Contents, versions: &BTreeMap<Part, Version>) -> bool {
    let stamp = |part| match part {
        Part::Manifest => "reconciled_by",
        _ => "reconciled_at",
    };
    contents
        .parts()
        .all(|(part, object)| versions.get(&part) == Some(&Version(1)) && object.contains(stamp(part)))
}

#[async_trait]
impl BackupTaker for RunBackups<'_> {
    async fn take(&self, observed: &Observed, change: &InstanceChange) -> Result<Backup, PortError> {
        let instance = &change.instance;
        let after = self.after(&change.entry);
        if !self.is_worth(instance, !change.secrets.is_empty(), after.as_ref()) {
            return Ok(Backup::default());
        }
        let records = change.secrets.iter().filter_map(|secret| Part::named(&secret.path, instance));
        let replaced = records.chain(after.map(|_| Part::Index)).collect();
        self.deposit(instance, [&observed.root, &observed.manifest, &observed.metadata], replaced).await
    }
}
