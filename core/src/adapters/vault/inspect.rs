//! What can be told about a Vault before a run: state, mount, token, access,
//! the size of the index. Each part on its own, so that one that fails hides no
//! other.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;

use super::access::{needs, smallest_policy};
use super::entry::{self, Weight};
use super::errand::Errand;
use super::mount;
use super::refusal::{Refused, judge_final, judge_read};
use super::session::{self, TokenFate};
use super::settings::EntryLimits;
use super::store::VaultStore;
use super::wire::{self, HealthAnswer};
use crate::adapters::http::{Method, Replay};
use crate::model::{JsonObject, layout};
use crate::ports::{PortError, PortErrorKind, SecretStore, Slot, Version};

/// What `sys/health` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultStatus {
    /// The version, where the server tells it.
    pub version: Option<String>,
    /// Whether it was ever initialised.
    pub is_initialised: bool,
    /// Whether it is sealed.
    pub is_sealed: bool,
    /// Whether it is a standby.
    pub is_standby: bool,
}

/// Where the secrets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountReport {
    /// The mount.
    pub mount: String,
    /// The folder below it; empty for the top.
    pub prefix: String,
    /// Whether Vault confirmed that it is KV v2; if not, the settings say so.
    pub is_confirmed: bool,
}

/// What the token says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenReport {
    /// Where it comes from.
    pub origin: String,
    /// Its policies.
    pub policies: Vec<String>,
    /// How long it still lives; `None` for ever.
    pub remaining: Option<Duration>,
    /// Whether it can be renewed.
    pub is_renewable: bool,
}

/// What the token may do at one of the paths that are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathAccess {
    /// The path as a policy writes it: `+` stands for any instance.
    pub rule: String,
    /// The path that was asked about, with an instance that does not exist.
    pub path: String,
    /// What it is for.
    pub purpose: &'static str,
    /// What is needed.
    pub needed: Vec<&'static str>,
    /// What is given.
    pub given: Vec<String>,
}

impl PathAccess {
    /// Whether all that is needed is given.
    #[must_use]
    pub fn suffices(&self) -> bool {
        let is_root = self.given.iter().any(|name| name == "root");
        is_root || self.needed.iter().all(|needed| self.given.iter().any(|given| given == needed))
    }
}

/// The size of the index against the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSize {
    /// Its version; 0 if there is none.
    pub version: Version,
    /// How many fields it has.
    pub entries: usize,
    /// Bytes that it takes in the storage.
    pub bytes: usize,
    /// Strings of a request that writes it.
    pub strings: usize,
    /// What is configured.
    pub limits: EntryLimits,
}

impl IndexSize {
    /// The size of the index as it was read.
    ///
    /// # Errors
    /// `Malformed` if an entry holds a number that Vault would change.
    pub fn of(slot: &Slot, limits: EntryLimits) -> Result<Self, PortError> {
        let empty = JsonObject::new();
        let data = slot.data().unwrap_or(&empty);
        let weight = entry::weigh(layout::INDEX, data).map_err(|field| {
            Errand::new("weigh the index", layout::INDEX).error(
                PortErrorKind::Malformed,
                format!("the entry `{field}` holds a number that Vault would change"),
            )
        })?;
        let Weight { bytes, strings } = weight;
        Ok(Self { version: slot.version(), entries: data.len(), bytes, strings, limits })
    }

    /// How much of the nearer limit is used up, per mille.
    #[must_use]
    pub fn per_mille(&self) -> usize {
        let weight = Weight { bytes: self.bytes, strings: self.strings };
        weight.per_mille(&self.limits)
    }
}

/// Everything that can be told.
#[derive(Debug)]
pub struct VaultReport {
    /// The address, for people.
    pub address: String,
    /// Its state.
    pub status: Result<VaultStatus, PortError>,
    /// The mount.
    pub mount: Result<MountReport, PortError>,
    /// The token.
    pub token: Result<TokenReport, PortError>,
    /// Access to the paths that are needed.
    pub access: Result<Vec<PathAccess>, PortError>,
    /// The index.
    pub index: Result<IndexSize, PortError>,
    /// The smallest policy that suffices.
    pub smallest_policy: String,
}

impl VaultStore {
    /// Looks at everything that a run needs of Vault, which keeps its archives
    /// in `folder` below an instance if somebody chose one. Changes nothing.
    pub async fn inspect(&self, folder: Option<&str>) -> VaultReport {
        let status = self.status().await;
        let mount = self.mount_report().await;
        let (path, prefix) = match &mount {
            Ok(found) => (found.mount.clone(), found.prefix.clone()),
            Err(_) => (
                self.settings.mount.clone().unwrap_or_else(|| super::DEFAULT_MOUNT.to_owned()),
                self.settings.prefix.clone(),
            ),
        };
        VaultReport {
            address: self.address(),
            status,
            mount,
            token: self.token_report().await,
            access: self.access(&path, &prefix, folder).await,
            index: self.index_size().await,
            smallest_policy: smallest_policy(&path, &prefix, folder),
        }
    }

    async fn status(&self) -> Result<VaultStatus, PortError> {
        let address = self.address();
        let errand = Errand::new("ask Vault for its state", &address);
        // Its statuses mean states, not failures.
        let call = errand.call(Method::GET, "/v1/sys/health", &[]).judge(judge_final);
        let answer = self.connection.send_bare(&errand, call).await?;
        let health: HealthAnswer =
            serde_json::from_slice(&answer.body).map_err(|_| Refused::read(&answer).error(&errand))?;
        Ok(VaultStatus {
            version: health.version.filter(|version| !version.is_empty()),
            is_initialised: health.initialized,
            is_sealed: health.sealed,
            is_standby: health.standby && !health.sealed,
        })
    }

    async fn mount_report(&self) -> Result<MountReport, PortError> {
        let place = self.place().await?;
        Ok(MountReport {
            mount: place.mount.clone(),
            prefix: place.prefix.clone(),
            is_confirmed: place.is_confirmed,
        })
    }

    async fn token_report(&self) -> Result<TokenReport, PortError> {
        let held = self.connection.session();
        let origin = held.origin();
        let errand = Errand::new("look up the Vault token", &origin);
        let about = held.describe().await?.map_err(|fate| match fate {
            TokenFate::Mute => session::mute(&errand, &origin),
            _ => errand.advise(
                PortErrorKind::Unauthenticated,
                "it is not valid, or may not ask about itself",
                "log in again with `vault login`, or give the token the policy `default` too",
            ),
        })?;
        let is_endless = about.ttl == 0 && about.expire_time.is_none();
        Ok(TokenReport {
            origin,
            policies: about.policies.unwrap_or_default(),
            remaining: (!is_endless).then(|| Duration::from_secs(about.ttl)),
            is_renewable: about.renewable.unwrap_or_default(),
        })
    }

    async fn access(
        &self,
        mount: &str,
        prefix: &str,
        folder: Option<&str>,
    ) -> Result<Vec<PathAccess>, PortError> {
        let (mount, prefix) = (mount.trim_matches('/'), prefix.trim_matches('/'));
        let errand = Errand::new("ask what the token may do in", mount);
        mount::check_path(&errand, mount)?;
        let mut access: Vec<_> = needs(folder)
            .iter()
            .map(|need| PathAccess {
                rule: need.rule(mount, prefix),
                path: need.example(mount, prefix),
                purpose: need.purpose,
                needed: need.capabilities.to_vec(),
                given: Vec::new(),
            })
            .collect();
        let mut body = JsonObject::new();
        let paths: Vec<_> = access.iter().map(|part| part.path.as_str()).collect();
        body.set_value("paths", &paths);
        let call = errand
            .call(Method::POST, "/v1/sys/capabilities-self", &[])
            .body("application/json", body.to_text())
            .replay(Replay::Safe)
            .judge(judge_read);
        let answer = self.connection.demand(&errand, call).await?;
        let given: BTreeMap<String, Box<RawValue>> = wire::data(&errand, &answer)?;
        for part in &mut access {
            let names = given.get(&part.path);
            let names = names.and_then(|names| serde_json::from_str(names.get()).ok());
            part.given = names.unwrap_or_default();
        }
        Ok(access)
    }

    async fn index_size(&self) -> Result<IndexSize, PortError> {
        IndexSize::of(&self.read(layout::INDEX).await?, self.settings.entry_limits)
    }
}
