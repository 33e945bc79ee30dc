//! A fleet's folder and the files in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::source_file::{LARGEST_FILE, read_text, read_up_to};
use super::super::{SourceError, catalog};
use super::captured;
use super::wire::{WireDeployment, WireInfo};
use super::writer::{LIST, UNREAD};
use crate::decisions::CapturedRun;
use crate::manifest::{Deployment, Limits, Manifest};
use crate::model::json::repeated_key;
use crate::model::{Catalog, DeploymentName, DeploymentSummary, Index, JsonObject};

/// What to do about the Director's list.
const SAVE_THE_LIST: &str = "save the Director's answer to GET /deployments?exclude_configs=true there";

/// A folder that holds a fleet:
///
/// ```text
/// catalog/<service>/service.yml, catalog/<service>/<plan>/{plan,manifest}.yml
/// director/info.json, director/deployments.json, director/events.json
/// director/manifests/<deployment>.yml      no file: the Director has none
/// director/unread.json                     which manifests could not be read, and why
/// catalog.json                             the broker's answer, in place of `catalog/`
/// index.json                               Vault's index; no file: none yet
/// decisions.json                           what was decided when it was captured
/// labels.yml                               the right answers, for evaluation
/// ```
#[derive(Debug, Clone)]
pub struct FleetFolder {
    root: PathBuf,
    summaries: Vec<DeploymentSummary>,
    name: String,
    uuid: String,
    version: String,
    unread: BTreeMap<DeploymentName, String>,
}

impl FleetFolder {
    /// Opens a fleet and reads the Director's list.
    ///
    /// # Errors
    /// If the folder is none, or what the Director answered is missing or
    /// broken. The error names the file and the place.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, SourceError> {
        let root = root.into();
        if !root.is_dir() {
            let what = if root.exists() { "is not a folder" } else { "does not exist" };
            return Err(SourceError::new(&root, what).advise("name a folder that holds a fleet"));
        }
        let list = root.join(LIST);
        if !list.is_file() {
            return Err(SourceError::new(&root, "is no fleet: it has no director/deployments.json")
                .advise(SAVE_THE_LIST));
        }
        let wire: Vec<WireDeployment> = parse_json(&list).map_err(|error| error.advise(SAVE_THE_LIST))?;
        let mut summaries: Vec<DeploymentSummary> = wire.into_iter().map(Into::into).collect();
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = summaries.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(SourceError::new(&list, format!("lists deployment `{}` twice", pair[0].name)));
        }
        let info: WireInfo = parse_json(&root.join("director/info.json"))
            .map_err(|error| error.advise("save the Director's answer to GET /info there"))?;
        let unread = root.join(UNREAD);
        let unread = if unread.is_file() { parse_json(&unread)? } else { BTreeMap::new() };
        Ok(Self { root, summaries, name: info.name, uuid: info.uuid, version: info.version, unread })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The Director's name.
    #[must_use]
    pub fn director_name(&self) -> &str {
        &self.name
    }

    /// The Director's UUID.
    #[must_use]
    pub fn director_uuid(&self) -> &str {
        &self.uuid
    }

    /// The Director's version.
    #[must_use]
    pub fn director_version(&self) -> &str {
        &self.version
    }

    /// All deployments of the list, by name.
    #[must_use]
    pub fn summaries(&self) -> &[DeploymentSummary] {
        &self.summaries
    }

    /// The file of a deployment's manifest, whether it is there or not.
    #[must_use]
    pub fn manifest_file(&self, name: &DeploymentName) -> PathBuf {
        self.root.join("director/manifests").join(format!("{name}.yml"))
    }

    /// The manifest's bytes, up to one byte more than is allowed; nothing if
    /// the Director has none.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn manifest_bytes(&self, name: &DeploymentName) -> Result<Option<Vec<u8>>, SourceError> {
        let file = self.manifest_file(name);
        // The only error that means "none" is the file's absence.
        if matches!(file.try_exists(), Ok(false)) {
            return Ok(None);
        }
        read_up_to(&file, Limits::STANDARD.bytes as u64).map(Some)
    }

    /// Why a manifest is not here although the Director has one, if so: it could
    /// not be read when the fleet was captured.
    #[must_use]
    pub fn unread_because(&self, name: &DeploymentName) -> Option<&str> {
        self.unread.get(name).map(String::as_str)
    }

    /// What was decided when the fleet was captured.
    ///
    /// # Errors
    /// If it was not captured, or the file cannot be used.
    pub fn captured_run(&self) -> Result<CapturedRun, SourceError> {
        captured::read(&self.root)
    }

    /// A deployment with its manifest. One that cannot be read costs only its
    /// own deployment.
    #[must_use]
    pub fn deployment(&self, summary: &DeploymentSummary) -> Deployment {
        if let Some(why) = self.unread_because(&summary.name) {
            return Deployment::new(summary.clone(), Manifest::unread(why));
        }
        let manifest = match self.manifest_bytes(&summary.name) {
            Ok(Some(bytes)) => Manifest::from_bytes(bytes),
            Ok(None) => Manifest::absent(),
            Err(error) => Manifest::unread(error.to_string()),
        };
        Deployment::new(summary.clone(), manifest)
    }

    /// The catalog beside the Director's answers, if the fleet has one.
    ///
    /// # Errors
    /// If it is there and cannot be used.
    pub fn catalog(&self) -> Result<Option<Catalog>, SourceError> {
        let places = [self.root.join("catalog"), self.root.join("catalog.json")];
        places.iter().find(|place| place.exists()).map(|place| catalog::read(place)).transpose()
    }

    /// The index as it was saved; nothing if the fleet has none.
    ///
    /// # Errors
    /// If it is there and is not a JSON object.
    pub fn index_object(&self) -> Result<Option<JsonObject>, SourceError> {
        let file = self.root.join("index.json");
        if matches!(file.try_exists(), Ok(false)) {
            return Ok(None);
        }
        let index: JsonObject = parse_json(&file).map_err(|error| {
            error.advise(
                "save the index there as one JSON object, an entry an instance; no file means no index yet",
            )
        })?;
        let repeated = repeated_key(&read_text(&file)?).map_err(|error| SourceError::json(&file, &error))?;
        match repeated {
            None => Ok(Some(index)),
            Some(key) => Err(SourceError::new(&file, format!("the key `{key}` stands there twice"))
                .advise("only one of the two would be seen: take the other one out")),
        }
    }

    /// The index; empty if the fleet has none.
    ///
    /// # Errors
    /// If it is there and is not a JSON object.
    pub fn index(&self) -> Result<Index, SourceError> {
        Ok(self.index_object()?.map(|object| Index::from_object(&object)).unwrap_or_default())
    }
}

fn parse_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, SourceError> {
    let text = read_text(path)?;
    debug_assert!(text.len() as u64 <= LARGEST_FILE);
    serde_json::from_str(&text).map_err(|error| SourceError::json(path, &error))
}
