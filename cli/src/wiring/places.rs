//! Where the embedded store and the state are, unless somebody says so.

use std::path::{Path, PathBuf};

use reconciler_core::adapters::sqlite::StateOwner;
use reconciler_core::config::{Settings, keys};

use super::Access;
use super::director::DirectorSource;
use crate::failure::Failure;

/// Where the store and the state of what is scanned are.
pub(super) struct Places {
    director_uuid: String,
    /// Whether it is a folder that is scanned.
    is_fleet: bool,
    store: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl Places {
    pub(super) fn of(
        settings: &Settings,
        source: &DirectorSource,
        uuid: &str,
        access: Access,
    ) -> Result<Self, Failure> {
        let is_fleet = !source.is_live();
        if access == Access::FleetOnly {
            return Ok(Self { director_uuid: uuid.to_owned(), is_fleet, store: None, state: None });
        }
        // It becomes a file's name.
        if uuid.is_empty() || !uuid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Failure::told(
                format!(
                    "{}: the Director's uuid `{}` is none",
                    source.director().address(),
                    uuid.escape_debug()
                ),
                match source.fleet() {
                    Some(_) => "save the Director's answer to GET /info as director/info.json",
                    None => "look at what the Director answers to GET /info",
                },
            ));
        }
        let default = |suffix: &str| state_folder().map(|folder| folder.join(format!("{uuid}.{suffix}")));
        // A capture has its Director's UUID. Only fleets have a store by default.
        let state = if is_fleet { "fleet.state.db" } else { "state.db" };
        Ok(Self {
            director_uuid: uuid.to_owned(),
            is_fleet,
            store: settings.path(keys::STORE_PATH).map(Path::to_owned).or_else(|| default("store.db")),
            state: settings.path(keys::STATE_PATH).map(Path::to_owned).or_else(|| default(state)),
        })
    }

    pub(super) fn director_uuid(&self) -> &str {
        &self.director_uuid
    }

    /// Whose state is meant.
    pub(super) fn owner(&self) -> StateOwner {
        let owner = if self.is_fleet { StateOwner::fleet } else { StateOwner::director };
        owner(self.director_uuid())
    }

    pub(super) fn store(&self) -> Result<&Path, Failure> {
        self.store.as_deref().ok_or_else(|| no_state_folder("--store"))
    }

    pub(super) fn state(&self) -> Result<&Path, Failure> {
        self.state.as_deref().ok_or_else(|| no_state_folder("--state"))
    }
}

/// Without a fleet's own index nobody could guess which records are meant.
pub(super) fn require_named_store(settings: &Settings) -> Result<(), Failure> {
    if settings.path(keys::STORE_PATH).is_some() {
        return Ok(());
    }
    Err(Failure::told(
        "a Director is named, and no store for its records",
        "name Vault with --store vault, or the embedded store's file with --store FILE; in the configuration \
         it is `store.path`, and a section `vault` will do",
    ))
}

fn no_state_folder(flag: &str) -> Failure {
    Failure::told("neither XDG_STATE_HOME nor HOME is set", format!("say where with {flag} FILE"))
}

/// Where programs keep what they remember, by the XDG convention.
fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(base.join("reconciler"))
}
