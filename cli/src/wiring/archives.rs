//! Where archives are, and how they are kept.

use std::sync::Arc;

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::backup::{BackupFolder, BackupPolicy, OtherReconciler, Shelf, folder_in_use};
use reconciler_core::config::{Origin, Settings, keys};
use reconciler_core::manager::CancellationToken;
use reconciler_core::model::{Index, layout};
use reconciler_core::ports::{Clock as _, SecretStore, SystemClock};

use super::Access;
use super::director::DirectorSource;
use super::places::Places;
use super::store::StoreKind;
use super::vault::OpenVault;
use crate::failure::Failure;
use crate::output::Output;

/// The folder for archives, where the settings name one.
pub(crate) fn archive_folder(settings: &Settings) -> Result<Option<BackupFolder>, Failure> {
    let chosen = settings.origin(keys::BACKUP_PATH).filter(|origin| **origin != Origin::Default);
    let folder = chosen.map(|origin| {
        BackupFolder::new(settings.text(keys::BACKUP_PATH)).map_err(|error| {
            Failure::told(
                format!("{origin}: backup.path: {error}"),
                format!("choose another name, or leave the key out for `{}`", BackupFolder::USUAL),
            )
        })
    });
    folder.transpose()
}

/// Reads from the settings whether and how archives are kept.
pub(super) fn policy(settings: &Settings) -> Result<BackupPolicy, Failure> {
    Ok(BackupPolicy {
        enabled: settings.boolean(keys::BACKUP_ENABLED),
        retention: usize::try_from(settings.integer(keys::BACKUP_RETENTION)).unwrap_or(usize::MAX),
        cleanup: settings.boolean(keys::BACKUP_CLEANUP),
        folder: archive_folder(settings)?,
    })
}

/// What the commands on archives work with.
pub(crate) struct ArchiveRoom {
    store: Arc<dyn SecretStore>,
    policy: BackupPolicy,
}

impl ArchiveRoom {
    /// Opens the store that the settings name, else the one that belongs to
    /// their fleet. Archives are only where a run has been: no store is made.
    pub(crate) async fn open(
        settings: &Settings,
        access: Access,
        stop: &CancellationToken,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let policy = policy(settings)?;
        let store: Arc<dyn SecretStore> = match StoreKind::admitted(settings, access)? {
            StoreKind::Vault => {
                let OpenVault { store, warnings } = OpenVault::open(settings, stop)?;
                for warning in warnings {
                    output.warn(&warning);
                }
                Arc::new(store)
            }
            StoreKind::Embedded => Self::embedded(settings, access, stop).await?,
        };
        output.note(&format!("Store     {}", store.address()));
        Ok(Self { store, policy })
    }

    async fn embedded(
        settings: &Settings,
        access: Access,
        stop: &CancellationToken,
    ) -> Result<Arc<dyn SecretStore>, Failure> {
        let path = match settings.path(keys::STORE_PATH) {
            Some(path) => path.to_owned(),
            None => {
                let source = DirectorSource::open(settings, stop)?;
                let info = source.director().info().await?;
                Places::of(settings, &source, &info.uuid, access)?.store()?.to_owned()
            }
        };
        // It is there, or it is not opened: an empty store has no archives.
        let Some(store) = SqliteStore::open_existing(&path)? else {
            return Err(Failure::told(
                format!("there is no store {}", path.display()),
                "a run begins one; name another with --store FILE",
            ));
        };
        Ok(match access {
            Access::Write => Arc::new(SqliteStore::open(&path)?),
            Access::Look | Access::FleetOnly => Arc::new(store),
        })
    }

    pub(crate) fn store(&self) -> &dyn SecretStore {
        self.store.as_ref()
    }

    pub(crate) fn policy(&self) -> &BackupPolicy {
        &self.policy
    }

    pub(crate) fn shelf(&self) -> Shelf<'_> {
        Shelf::new(self.store(), &self.policy.folder())
    }

    /// The folder for a new archive.
    pub(crate) async fn folder(&self) -> Result<BackupFolder, Failure> {
        let index = self.store.read(layout::INDEX).await?;
        let index = index.data().map(Index::from_object).unwrap_or_default();
        let other = OtherReconciler::new(self.store(), &index, SystemClock.now());
        Ok(folder_in_use(&other, &self.policy).await?)
    }
}
