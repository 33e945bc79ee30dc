//! Where records are kept, and what is remembered between runs.

use std::path::Path;
use std::sync::Arc;

use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::http::RequestObserver;
use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::CancellationToken;
use reconciler_core::model::{Index, layout};
use reconciler_core::ports::{RunState as _, SecretStore};

use super::Access;
use super::audit::AuditedStore;
use super::director::DirectorSource;
use super::places::{self, Places};
use super::vault::{self, OpenVault};
use crate::failure::Failure;

/// What `--store` calls Vault; any other name is a file's.
const VAULT: &str = "vault";

/// What kind of store keeps the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// A file of our own.
    Embedded,
    /// A Vault.
    Vault,
}

impl StoreKind {
    /// The kind that the settings name. A fleet has an embedded store unless
    /// they say otherwise; a Director's records are too precious to guess.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Failure> {
        match settings.path(keys::STORE_PATH) {
            Some(name) if name == Path::new(VAULT) => Ok(Self::Vault),
            Some(_) => Ok(Self::Embedded),
            None if settings.path(keys::FLEET).is_some() => Ok(Self::Embedded),
            None if vault::is_configured(settings) => Ok(Self::Vault),
            None => places::require_named_store(settings).map(|()| Self::Embedded),
        }
    }

    /// The kind for an access: a fleet's own files need no other.
    pub(super) fn admitted(settings: &Settings, access: Access) -> Result<Self, Failure> {
        if access == Access::FleetOnly { Ok(Self::Embedded) } else { Self::of(settings) }
    }
}

/// Where records are kept, and what is remembered.
pub(super) struct Records {
    pub(super) store: Arc<dyn SecretStore>,
    pub(super) state: Option<StateFile>,
    /// Whether there is a store, and not only one that a run would begin.
    pub(super) is_begun: bool,
    /// What to say about the store.
    pub(super) note: String,
    /// What must be said in every run.
    pub(super) warnings: Vec<String>,
}

impl Records {
    /// Opens what a command needs, and nothing that it may not create.
    pub(super) async fn open(
        settings: &Settings,
        kind: StoreKind,
        access: Access,
        source: &DirectorSource,
        places: &Places,
        stop: &CancellationToken,
        observer: Option<&Arc<dyn RequestObserver>>,
    ) -> Result<Self, Failure> {
        match kind {
            StoreKind::Embedded => Self::embedded(places, access, source).await,
            StoreKind::Vault => {
                let OpenVault { mut store, warnings } = OpenVault::open(settings, stop)?;
                if let Some(observer) = observer {
                    store = store.with_observer(observer);
                }
                let owner = places.owner().with_store(store.address());
                let state = match access {
                    Access::Write => Some(StateFile::open(places.state()?, owner)?),
                    Access::Look | Access::FleetOnly => StateFile::open_existing(places.state()?, owner)?,
                };
                let note = format!("Vault {}", store.address());
                Ok(Self { store: Arc::new(AuditedStore(store)), state, is_begun: true, note, warnings })
            }
        }
    }

    async fn embedded(places: &Places, access: Access, source: &DirectorSource) -> Result<Self, Failure> {
        let uuid = places.director_uuid();
        // Everything that is only read comes before a file is made.
        let index = source.fleet().map(|fleet| fleet.index_object()).transpose()?.flatten();
        let begun = match access {
            Access::Look => SqliteStore::open_existing(places.store()?)?,
            Access::Write | Access::FleetOnly => None,
        };
        let (store, state, is_file) = match (access, begun) {
            (Access::Write, _) => {
                let store = SqliteStore::open(places.store()?)?;
                store.keep_for(uuid).await?;
                let state = StateFile::open(places.state()?, places.owner().with_store(identity(&store)))?;
                (store, Some(state), true)
            }
            (_, Some(store)) => {
                let owner = places.owner().with_store(identity(&store));
                (store, StateFile::open_existing(places.state()?, owner)?, true)
            }
            (Access::FleetOnly, None) => (SqliteStore::open_in_memory()?, None, false),
            (_, None) => (SqliteStore::open_in_memory()?.standing_for(places.store()?), None, false),
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
            (_, false, false) if source.is_live() => "none yet".to_owned(),
            (_, false, false) => "none yet, and the fleet has no index".to_owned(),
            (_, true, true) => format!("{address}, begun with the fleet's index"),
            (_, true, false) => address,
        };
        let store = Arc::new(AuditedStore(store));
        Ok(Self { store, state, is_begun: is_file, note, warnings: Vec::new() })
    }
}

/// What an embedded store is known by, wherever the program is started.
fn identity(store: &SqliteStore) -> String {
    let address = store.address();
    std::fs::canonicalize(&address).map_or(address, |path| path.display().to_string())
}

/// The fingerprint of the index that a fleet's folder has of its own.
pub(crate) fn own_index(folder: &Path) -> Result<String, Failure> {
    let index = FleetFolder::open(folder)?.index_object()?;
    Ok(index.as_ref().map(Index::from_object).unwrap_or_default().fingerprint())
}

/// The files of a run as they are: opened as a run would, and never made.
pub(crate) struct KeptFiles {
    places: Places,
}

/// An embedded store that was looked at.
pub(crate) struct KeptStore {
    pub(crate) address: String,
    /// How many entries its index has; `None` if there is no file yet.
    pub(crate) entries: Option<usize>,
}

impl KeptFiles {
    pub(crate) fn of(settings: &Settings, source: &DirectorSource, uuid: &str) -> Result<Self, Failure> {
        let places = Places::of(settings, source, uuid, Access::Look)?;
        Ok(Self { places })
    }

    /// Opens the embedded store, and reads its index.
    pub(crate) async fn store(&self) -> Result<KeptStore, Failure> {
        let path = self.places.store()?;
        let Some(store) = SqliteStore::open_existing(path)? else {
            return Ok(KeptStore { address: path.display().to_string(), entries: None });
        };
        if let Some(owner) = store.owner().await?
            && !owner.eq_ignore_ascii_case(self.places.director_uuid())
        {
            return Err(Failure::told(
                format!("{} holds the records of the Director {owner}", store.address()),
                "name another store with --store FILE",
            ));
        }
        let read = store.read(layout::INDEX).await?;
        let entries = read.data().map_or(0, |index| Index::from_object(index).len());
        Ok(KeptStore { address: store.address(), entries: Some(entries) })
    }

    /// Opens the state: where it is, and whether there is one.
    pub(crate) fn state(&self) -> Result<(String, bool), Failure> {
        let path = self.places.state()?;
        let opened = StateFile::open_existing(path, self.places.owner())?;
        Ok(opened.map_or_else(|| (path.display().to_string(), false), |state| (state.address(), true)))
    }
}
