//! What is scanned: a fleet's folder, or a Director.

use std::sync::Arc;

use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::config::{Settings, keys};
use reconciler_core::ports::Director;

use crate::failure::Failure;

/// What is scanned.
#[derive(Debug, Clone)]
pub(crate) enum DirectorSource {
    /// A folder that holds a Director's answers.
    Fleet(Arc<FleetFolder>),
}

impl DirectorSource {
    /// Opens what the settings name.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Failure> {
        let Some(folder) = settings.path(keys::FLEET) else {
            return Err(Failure::told(
                "nothing says what to look at",
                "give a fleet's folder with --fleet DIR, or as `fleet` in the configuration",
            ));
        };
        Ok(Self::Fleet(Arc::new(FleetFolder::open(folder)?)))
    }

    /// What is scanned, as a Director.
    pub(crate) fn director(&self) -> &dyn Director {
        match self {
            Self::Fleet(fleet) => fleet.as_ref(),
        }
    }

    /// The folder, if it is one.
    pub(crate) fn fleet(&self) -> Option<&FleetFolder> {
        match self {
            Self::Fleet(fleet) => Some(fleet),
        }
    }
}
