//! The bosh CLI's own file: aliases of Directors and what belongs to them.

use std::path::Path;

use serde::Deserialize;

use crate::adapters::http::Secret;
use crate::ports::{PortError, PortErrorKind};

/// The file as far as it is used.
#[derive(Deserialize, Default)]
pub(super) struct ConfigFile {
    #[serde(default)]
    environments: Option<Vec<Environment>>,
}

/// One Director in the file.
#[derive(Deserialize, Default)]
pub(super) struct Environment {
    pub(super) url: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) ca_cert: Option<Secret>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
}

impl ConfigFile {
    /// Reads the file's text. A message of the parser may quote a password, so
    /// only the place is told.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, PortError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_yaml::from_str(text).map_err(|e| {
            let place = e
                .location()
                .map_or_else(String::new, |at| format!(" at line {}, column {}", at.line(), at.column()));
            PortError::new(
                PortErrorKind::Local,
                "read the bosh CLI's file",
                path.display().to_string(),
                format!("it is not what the bosh CLI writes{place}"),
            )
            .with_advice("correct the file, or name another with `BOSH_CONFIG`")
        })
    }

    /// The entry of that alias or URL.
    pub(super) fn find(&self, name: &str) -> Option<&Environment> {
        self.environments
            .iter()
            .flatten()
            .find(|entry| entry.alias.as_deref() == Some(name) || entry.url.as_deref() == Some(name))
    }
}
