//! A fake Director from a fleet's folder.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::events::FakeEvent;
use super::state::{Deployment, DirectorState};

impl DirectorState {
    /// Reads `director/info.json`, `deployments.json`, `manifests/*.yml` and
    /// `events.json` below a fleet's folder. A deployment without a manifest's
    /// file has none yet. `info.json` and `events.json` may be missing.
    ///
    /// # Errors
    /// If a file cannot be read or is not what it should be.
    pub fn from_fleet(fleet: &Path) -> io::Result<Self> {
        let folder = fleet.join("director");
        let mut state = Self::default();
        if let Some(Value::Object(info)) = json_if_there(&folder.join("info.json"))? {
            state.info.extend(info);
        }
        let list = folder.join("deployments.json");
        let deployments = json_if_there(&list)?.ok_or_else(|| missing(&list))?;
        for row in deployments.as_array().into_iter().flatten() {
            let name = text(row, "name");
            let file = folder.join("manifests").join(format!("{name}.yml"));
            let manifest = match fs::read_to_string(&file) {
                Ok(manifest) => Some(manifest),
                Err(e) if e.kind() == io::ErrorKind::NotFound => None,
                Err(e) => return Err(e),
            };
            let deployment = Deployment {
                manifest,
                releases: versioned(row, "releases"),
                stemcells: versioned(row, "stemcells"),
                teams: texts(row, "teams"),
                locked: row["locked"].as_bool().unwrap_or_default(),
                cloud_config: text(row, "cloud_config"),
                instances: Vec::new(),
            };
            state.deployments.insert(name, deployment);
        }
        let events = json_if_there(&folder.join("events.json"))?;
        let rows = events.as_ref().and_then(Value::as_array);
        state.events = rows.into_iter().flatten().filter_map(FakeEvent::from_json).collect();
        state.events.sort_by_key(|event| event.id);
        Ok(state)
    }
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("there is no {}", path.display()))
}

fn json_if_there(path: &Path) -> io::Result<Option<Value>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", path.display()))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

fn texts(row: &Value, key: &str) -> Vec<String> {
    let items = row[key].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn versioned(row: &Value, key: &str) -> Vec<(String, String)> {
    let items = row[key].as_array().into_iter().flatten();
    items.map(|item| (text(item, "name"), text(item, "version"))).collect()
}
