//! The store: each method of the port as requests to KV v2.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::connection::Connection;
use super::errand::Errand;
use super::mount::{self, Place, check_path};
use super::refusal::{Refusal, Refused, judge_read, judge_write};
use super::settings::VaultSettings;
use super::wire::{self, Keys, SecretVersion};
use super::write::{self, Write};
use crate::adapters::http::{
    Call, CancellationToken, Method, Pause, RequestCounts, RequestObserver, StatusCode, TokioPause,
};
use crate::model::JsonObject;
use crate::ports::{Clock, PortError, PortErrorKind, SecretStore, Slot, StoreAddress, SystemClock, Version};

/// Records in a Vault.
#[derive(Debug)]
pub struct VaultStore {
    pub(super) connection: Connection,
    pub(super) settings: VaultSettings,
    place: OnceCell<Place>,
}

impl VaultStore {
    /// A store by its settings. Nothing is sent yet.
    ///
    /// # Errors
    /// `Local` if an address, a certificate or a header cannot be used.
    pub fn new(settings: VaultSettings) -> Result<Self, PortError> {
        Self::with_parts(settings, Arc::new(SystemClock), Arc::new(TokioPause), CancellationToken::new())
    }

    /// A store that takes the time from `clock`, waits between tries by
    /// `pause`, and ends what is under way when `stop` is cancelled.
    ///
    /// # Errors
    /// As `new`.
    pub fn with_parts(
        settings: VaultSettings,
        clock: Arc<dyn Clock>,
        pause: Arc<dyn Pause>,
        stop: CancellationToken,
    ) -> Result<Self, PortError> {
        Ok(Self {
            connection: Connection::new(&settings, clock, pause, stop)?,
            settings,
            place: OnceCell::new(),
        })
    }

    /// Has somebody told of every request, logins and lookups included.
    #[must_use]
    pub fn with_observer(mut self, observer: &Arc<dyn RequestObserver>) -> Self {
        self.connection.observe(observer);
        self
    }

    /// What was asked so far, logins and lookups not counted.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.connection.counts()
    }

    /// What it was made with; secrets among it are not shown.
    #[must_use]
    pub fn settings(&self) -> &VaultSettings {
        &self.settings
    }

    /// Where the secrets are; Vault is asked once.
    pub(super) async fn place(&self) -> Result<&Place, PortError> {
        self.place.get_or_try_init(|| mount::find(&self.connection, &self.settings)).await
    }

    /// Removes something. There is no check of versions on removals, so one of
    /// unknown fate is not made again: it could hit what somebody wrote since.
    async fn remove(
        &self,
        errand: &Errand<'_>,
        route: &'static str,
        is_gone: fn(&Slot) -> bool,
    ) -> Result<(), PortError> {
        check_path(errand, errand.subject)?;
        let place = self.place().await?;
        let path = place.below(errand.subject);
        let call = errand.call(Method::DELETE, route, &[&place.mount, &path]).judge(judge_write);
        let failure = match self.connection.send(errand, call).await {
            Ok(answer) if answer.status.is_success() => return Ok(()),
            Ok(answer) => {
                let refused = Refused::read(&answer);
                let error = refused.error(errand);
                if refused.refusal != Refusal::Broken {
                    return Err(error);
                }
                error
            }
            Err(error) if error.kind == PortErrorKind::Ambiguous => error,
            Err(error) => return Err(error),
        };
        let again = Errand::new("read the secret again", errand.subject);
        match read_version(&self.connection, place, &again, errand.subject, None).await {
            Ok(slot) if is_gone(&slot) => Ok(()),
            _ => Err(errand
                .advise(
                    PortErrorKind::Ambiguous,
                    format!("it is unknown whether it took place: {}", failure.reason),
                    "read the secret before it is removed again",
                )
                .with_source(failure)),
        }
    }
}

#[async_trait]
impl SecretStore for VaultStore {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        let errand = Errand::new("read the secret", path);
        check_path(&errand, path)?;
        let place = self.place().await?;
        read_version(&self.connection, place, &errand, path, None).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        write::check(path, data, &self.settings.entry_limits)?;
        let place = self.place().await?;
        let write = Write { connection: &self.connection, place, path, data, expected };
        write.make().await
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        let errand = Errand::new("list the secrets below", path);
        if !path.is_empty() {
            check_path(&errand, path)?;
        }
        let place = self.place().await?;
        let below = place.below(path);
        let call: Call<'_> = if below.is_empty() {
            errand.call(Method::GET, "/v1/*mount/metadata", &[&place.mount])
        } else {
            errand.call(Method::GET, "/v1/*mount/metadata/*path", &[&place.mount, &below])
        };
        let call = call.query("list", "true").largest_answer(self.settings.largest_answer).judge(judge_read);
        let answer = self.connection.send(&errand, call).await?;
        if answer.status != StatusCode::OK {
            let refused = Refused::read(&answer);
            return match refused.refusal {
                Refusal::Absent => Ok(Vec::new()),
                _ => Err(refused.error(&errand)),
            };
        }
        let found: Keys = wire::data(&errand, &answer)?;
        let mut keys =
            found.keys.ok_or_else(|| wire::malformed(&errand, "the list holds no names".to_owned()))?;
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        let errand = Errand::new("delete the secret", path);
        let is_gone = |slot: &Slot| slot.data().is_none();
        self.remove(&errand, "/v1/*mount/data/*path", is_gone).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        let errand = Errand::new("remove the secret and its versions", path);
        let is_gone = |slot: &Slot| slot.version() == Version::NEVER;
        self.remove(&errand, "/v1/*mount/metadata/*path", is_gone).await
    }

    fn address(&self) -> StoreAddress {
        let settings = &self.settings;
        let namespace = settings.namespace.as_deref().unwrap_or_default();
        let mount = settings.mount.as_deref().unwrap_or(super::DEFAULT_MOUNT);
        let path = mount::join(namespace, &mount::join(mount, &settings.prefix));
        format!("{} {path}", settings.address.as_str().trim_end_matches('/'))
    }
}

/// Reads one version of a secret, the newest unless one is named.
pub(super) async fn read_version(
    connection: &Connection,
    place: &Place,
    errand: &Errand<'_>,
    path: &str,
    version: Option<Version>,
) -> Result<Slot, PortError> {
    let below = place.below(path);
    let mut call = errand
        .call(Method::GET, "/v1/*mount/data/*path", &[&place.mount, &below])
        .largest_answer(LARGEST_SECRET)
        .judge(judge_read);
    if let Some(version) = version {
        call = call.query("version", version.to_string());
    }
    let answer = connection.send(errand, call).await?;
    match answer.status {
        StatusCode::OK => {
            let found: SecretVersion = wire::data(errand, &answer)?;
            let version = found.metadata.and_then(|metadata| metadata.version);
            match (found.data, version) {
                (Some(data), Some(version)) if version > 0 => {
                    Ok(Slot::Present { version: Version(version), data })
                }
                _ => Err(wire::malformed(
                    errand,
                    "the answer lacks the data or its version, as no answer of KV v2 does".to_owned(),
                )),
            }
        }
        // A deleted version is told from one that never was by the body.
        StatusCode::NOT_FOUND => {
            let body = wire::envelope::<SecretVersion>(&answer.body);
            let deleted = body.and_then(|body| body.data).and_then(|found| {
                let version = found.metadata?.version?;
                found.data.is_none().then_some(Version(version))
            });
            if let Some(version) = deleted {
                return Ok(Slot::Vacant { version });
            }
            let refused = Refused::read(&answer);
            match refused.refusal {
                Refusal::Absent => Ok(Slot::Vacant { version: Version::NEVER }),
                _ => Err(refused.error(errand)),
            }
        }
        _ => Err(Refused::read(&answer).error(errand)),
    }
}

/// Of one secret more is not read, in bytes: the largest entry that any storage
/// takes, written with escapes.
const LARGEST_SECRET: usize = 16 << 20;
