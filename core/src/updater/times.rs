//! When an instance was made, as its records know it, else as the Director's
//! events know it. What nobody knows stays unset: the time of a run is no time
//! of creation.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};

use super::instance::{Matched, Observed};
use crate::model::{DeploymentName, JsonObject};

/// What the Director's events say of when a deployment was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// They say it.
    At(DateTime<Utc>),
    /// They do not: they are pruned, or were never written.
    Unknown,
    /// They could not be read: the next run asks again.
    Unread,
}

impl Creation {
    /// The time, if it is known.
    #[must_use]
    pub fn at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(at) => Some(at),
            Self::Unknown | Self::Unread => None,
        }
    }
}

/// Asks the Director's events, and only if the records do not know.
#[async_trait]
pub trait CreationTimes: fmt::Debug + Send + Sync {
    /// When a deployment was made.
    async fn of(&self, deployment: &DeploymentName) -> Creation;
}

/// The time in a field, in any of the forms that records hold: seconds as a
/// number, whole or not, or RFC 3339. What lies before 1970 is a slip of
/// another program and no time.
#[must_use]
pub fn time(object: &JsonObject, field: &str) -> Option<DateTime<Utc>> {
    let at = match object.text(field) {
        Some(text) => DateTime::parse_from_rfc3339(&text).ok()?.with_timezone(&Utc),
        None => {
            let seconds: f64 = serde_json::from_str(object.raw(field)?.get()).ok()?;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what is beyond i64 saturates and is no time"
            )]
            DateTime::from_timestamp(seconds as i64, 0)?
        }
    };
    (at.timestamp() > 0).then_some(at)
}

/// As Blacksmith writes times as text.
#[must_use]
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Where the broker notes when it made an instance, best witness first: another
/// reconciler sets the record's own times anew in every run, and no other.
fn noted(matched: &Matched<'_>, observed: &Observed) -> Option<DateTime<Utc>> {
    let entry = matched.entry.map(|entry| &entry.fields);
    let witness = observed.witness.as_ref().and_then(|slot| slot.data());
    let (root, metadata) = (observed.root.data(), observed.metadata.data());
    let places = [
        (metadata, "created_at"),
        (entry, "created"),
        (entry, "created_at"),
        (entry, "requested_at"),
        (witness, "requested_at"),
        (root, "created"),
        (root, "requested_at"),
    ];
    places.into_iter().find_map(|(object, field)| time(object?, field))
}

/// When the instance was made, if the records or the Director know it.
pub(super) fn created(matched: &Matched<'_>, observed: &Observed) -> Option<DateTime<Utc>> {
    noted(matched, observed).or_else(|| observed.creation?.at())
}

/// Whether only the Director can say when the instance was made, and was not
/// asked yet.
pub(super) fn must_ask(matched: &Matched<'_>, observed: &Observed) -> bool {
    observed.creation.is_none() && noted(matched, observed).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form_and_slips_are_none() {
        let object = JsonObject::parse(
            r#"{"i":1795406299,"f":1.795406299e+09,"t":"2026-11-23T05:58:19+01:00","zero":-62135596800,
                "epoch":0,"year1":"0001-01-01T00:00:00Z","word":"soon","null":null,"big":1e300}"#,
        )
        .unwrap();
        for field in ["i", "f", "t"] {
            assert_eq!(time(&object, field).map(|at| at.timestamp()).unwrap() / 100_000, 17_954, "{field}");
        }
        for field in ["zero", "epoch", "year1", "word", "null", "big", "none"] {
            assert_eq!(time(&object, field), None, "{field}");
        }
    }
}
