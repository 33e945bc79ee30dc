//! Where records are kept, and what is remembered between runs.

use std::sync::Arc;

use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::config::Settings;
use reconciler_core::model::layout;
use reconciler_core::ports::SecretStore;

use super::Access;
use super::director::DirectorSource;
use super::places::Places;
use crate::failure::Failure;

/// Where records are kept, and what is remembered.
pub(super) struct Records {
    pub(super) store: Arc<dyn SecretStore>,
    pub(super) state: Option<StateFile>,
    /// What to say about the store.
    pub(super) note: String,
}

impl Records {
    /// Opens what a command needs, and nothing that it may not create.
    pub(super) async fn open(
        settings: &Settings,
        access: Access,
        source: &DirectorSource,
        uuid: &str,
    ) -> Result<Self, Failure> {
        let places = Places::of(settings, uuid, access)?;
        let (store, state) = match access {
            Access::Write => {
                let store = SqliteStore::open(places.store()?)?;
                (store, Some(StateFile::open(places.state()?, uuid)?))
            }
            Access::Look if places.store()?.exists() => {
                let store = SqliteStore::open(places.store()?)?;
                (store, StateFile::open_existing(places.state()?, uuid)?)
            }
            Access::Look | Access::FleetOnly => (SqliteStore::open_in_memory()?, None),
        };
        let index = source.fleet().map(|fleet| fleet.index_object()).transpose()?.flatten();
        let seeded = match index {
            Some(index) => store.seed_once(layout::INDEX, &index).await?,
            None => false,
        };
        let address = store.address();
        let note = match (access, seeded) {
            (Access::FleetOnly, _) => "none, the fleet's own index".to_owned(),
            (Access::Look, true) => "none yet, the fleet's own index".to_owned(),
            (Access::Write, true) => format!("{address}, begun with the fleet's index"),
            (_, false) => address,
        };
        Ok(Self { store: Arc::new(store), state, note })
    }
}
