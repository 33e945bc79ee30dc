//! The store of records for commands that read it and need no Director, unless
//! it alone can say whose records are meant.

use std::sync::Arc;

use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::{CancellationToken, guard_index};
use reconciler_core::model::layout;
use reconciler_core::ports::{RunState, SecretStore, Slot};

use super::Access;
use super::director::DirectorSource;
use super::places::Places;
use super::store::{Records, StoreKind};
use super::vault::{IndexSize, OpenVault};
use crate::failure::Failure;
use crate::output::Output;

/// What commands that read records work with.
pub(crate) struct RecordRoom {
    store: Arc<dyn SecretStore>,
    /// What runs remember, where it belongs to the store beyond doubt: only the
    /// Director knows whose state it is.
    state: Option<StateFile>,
}

impl RecordRoom {
    /// Opens the store that the settings name, else the one that belongs to
    /// their fleet, as a run would find it. No store is made.
    pub(crate) async fn open(
        settings: &Settings,
        stop: &CancellationToken,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let kind = StoreKind::of(settings)?;
        type Found = (Arc<dyn SecretStore>, String, Option<StateFile>);
        let (store, note, state): Found = match (kind, settings.path(keys::STORE_PATH)) {
            (StoreKind::Vault, _) => {
                let OpenVault { store, warnings } = OpenVault::open(settings, stop)?;
                for warning in warnings {
                    output.note(&format!("warning: {warning}"));
                }
                let note = format!("Vault {}", store.address());
                (Arc::new(store), note, None)
            }
            (StoreKind::Embedded, Some(path)) => {
                let store = SqliteStore::open_existing(path)?.ok_or_else(|| {
                    Failure::told(
                        format!("there is no store {}", path.display()),
                        "a run begins one; name another with --store FILE",
                    )
                })?;
                let note = store.address();
                (Arc::new(store), note, None)
            }
            (StoreKind::Embedded, None) => {
                let source = DirectorSource::open(settings, stop)?;
                let uuid = source.director().info().await?.uuid;
                let access = Access::Look;
                let places = Places::of(settings, &source, &uuid, access)?;
                let records = Records::open(settings, kind, access, &source, &places, stop, None).await?;
                (records.store, records.note, records.state)
            }
        };
        output.note(&format!("Store     {note}"));
        Ok(Self { store, state })
    }

    /// Reads the index, which must not have been lost.
    pub(crate) async fn index(&self) -> Result<Slot, Failure> {
        let slot = self.store.read(layout::INDEX).await?;
        let state = self.state.as_ref().map(|state| state as &dyn RunState);
        guard_index(&slot, state, self.store.as_ref(), false).await?;
        Ok(slot)
    }

    pub(crate) fn store(&self) -> &dyn SecretStore {
        self.store.as_ref()
    }
}

/// The size of the index against the limits of the store; nothing if it has
/// none.
pub(crate) fn index_size(
    settings: &Settings,
    index: &Slot,
    stop: &CancellationToken,
) -> Result<Option<IndexSize>, Failure> {
    if StoreKind::of(settings)? == StoreKind::Embedded {
        return Ok(None);
    }
    // Nothing is asked: the settings say what the limits are.
    let limits = OpenVault::open(settings, stop)?.store.settings().entry_limits;
    Ok(Some(IndexSize::of(index, limits)?))
}
