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
        let places = Places::of(settings, source, uuid, access)?;
        // Everything that is only read comes before a file is made.
        let index = source.fleet().map(|fleet| fleet.index_object()).transpose()?.flatten();
        let begun = match access {
            Access::Look => SqliteStore::open_existing(places.store()?)?,
            Access::Write | Access::FleetOnly => None,
        };
        let (store, state, is_file) = match (access, begun) {
            (Access::Write, _) => {
                let store = SqliteStore::open(places.store()?)?;
                (store, Some(StateFile::open(places.state()?, uuid)?), true)
            }
            (_, Some(store)) => (store, StateFile::open_existing(places.state()?, uuid)?, true),
            (_, None) => (SqliteStore::open_in_memory()?, None, false),
        };
        let seeded = match index {
            Some(index) if access == Access::Write || !is_file => {
                store.seed_once(layout::INDEX, &index).await?
            }
            _ => false,
        };
        let address = store.address();
        let note = match (access, is_file, seeded) {
            (Access::FleetOnly, ..) => "none, the fleet's own index".to_owned(),
            (_, false, true) => "none yet, the fleet's own index".to_owned(),
            (_, false, false) => "none yet, and the fleet has no index".to_owned(),
            (_, true, true) => format!("{address}, begun with the fleet's index"),
            (_, true, false) => address,
        };
        Ok(Self { store: Arc::new(store), state, note })
    }
}
