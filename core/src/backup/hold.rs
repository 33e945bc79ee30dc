//! Holds on instances: set when an archive is put back, so that the next run
//! does not undo it, and taken off by a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entry::entry_of;
use super::problem::BackupError;
use super::settled::write_settled;
use super::when::Moment;
use crate::model::json::raw;
use crate::model::{InstanceId, JsonObject, layout};
use crate::ports::{PortErrorKind, SecretStore};

/// How often the index is read and written again after somebody else's write.
const ATTEMPTS: u32 = 3;

/// How the reason of a hold begins that a restore set.
const RESTORED: &str = "restored from ";

/// Since when an instance is held, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when, RFC 3339.
    #[serde(default)]
    pub since: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

impl Hold {
    /// A hold from a moment on.
    #[must_use]
    pub fn new(since: Moment, reason: impl Into<String>) -> Self {
        Self { since: since.to_string(), reason: reason.into() }
    }

    /// A hold because an archive is put back.
    pub(super) fn of_restore(since: Moment, path: &str, taken: Moment) -> Self {
        Self::new(since, format!("{RESTORED}{path}, taken at {}", taken.0))
    }

    /// When the archive was taken that is put back, as a Unix second.
    pub(super) fn second(&self) -> Option<u64> {
        let told = self.reason.strip_prefix(RESTORED)?;
        told.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// Sets it on an index entry.
    pub(super) fn set(&self, entry: &mut JsonObject) {
        entry.set(layout::HOLD, raw(self));
    }
}

/// The hold on an index entry, if there is one. One that somebody wrote by hand
/// in another shape holds too.
#[must_use]
pub fn held(entry: &JsonObject) -> Option<Hold> {
    if !layout::is_held(entry) {
        return None;
    }
    let hold = entry.raw(layout::HOLD).and_then(|hold| serde_json::from_str(hold.get()).ok());
    Some(hold.unwrap_or_else(|| Hold { since: String::new(), reason: String::new() }))
}

/// What became of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The instance, spelled as the index spells it.
    pub instance: InstanceId,
    /// The hold that was there; nothing if there was none.
    pub released: Option<Hold>,
}

/// Takes the hold off an instance: one read of the index, and one write if
/// there is a hold. What is noted instead goes with the next run's write.
///
/// # Errors
/// If the index has no entry of the instance, or cannot be read or written.
pub async fn release(
    store: &dyn SecretStore,
    instance: &InstanceId,
    at: DateTime<Utc>,
) -> Result<Release, BackupError> {
    for attempt in 1.. {
        let slot = store.read(layout::INDEX).await?;
        let (key, mut entry) = entry_of(slot.data(), instance)?;
        let Some(hold) = held(&entry) else {
            return Ok(Release { instance: key, released: None });
        };
        // Our other notes there tell what was once written. They go too, so
        // that the next run looks at what stands there now.
        let own: Vec<String> = entry
            .iter()
            .map(|(field, _)| field.to_owned())
            .filter(|field| field.starts_with(layout::OWN_FIELDS))
            .collect();
        for field in own {
            entry.remove(&field);
        }
        entry.set_value(layout::RELEASED, &Moment::of(at).to_string());
        let mut index = slot.data().cloned().unwrap_or_default();
        index.set_value(key.as_str(), &entry);
        match write_settled(store, layout::INDEX, &index, slot.version()).await {
            Ok(()) => return Ok(Release { instance: key, released: Some(hold) }),
            Err(error) if error.kind == PortErrorKind::Conflict && attempt < ATTEMPTS => {}
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("the loop ends in one of its attempts")
}
