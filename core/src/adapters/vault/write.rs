//! A write with check-and-set, and finding out what became of it when nobody
//! said so.
//!
//! A write that broke off after it was sent, timed out or was answered by a 5xx
//! may have taken place. The server compares versions, so at most one write can
//! turn version `n` into `n + 1`; what stands at `n + 1` therefore tells:
//!
//! * version `n` still stands: it did not take place so far. It is sent again
//!   with the same expectation; should the first one arrive after all, only one
//!   of the two can succeed, and the other's conflict leads here again.
//! * `n + 1` holds our data: it took place, even if newer versions follow.
//! * `n + 1` holds other data: another write took the place, ours never can.
//! * `n + 1` was deleted or its history removed: nobody can tell. `Ambiguous`.
//!
//! Two writers who write equal data over the same version cannot be told apart:
//! one of them wrote, both are told so, and what stands is what both wanted.
//! Where that is not enough (a counter), the data must name its writer.

use super::connection::Connection;
use super::entry;
use super::errand::Errand;
use super::mount::{Place, check_path};
use super::refusal::{Refusal, Refused, judge_write};
use super::settings::EntryLimits;
use super::store::read_version;
use super::wire::{self, VersionMetadata};
use crate::adapters::http::{Answer, Method, StatusCode};
use crate::model::JsonObject;
use crate::ports::{PortError, PortErrorKind, Slot, Version};

/// A write to be made.
#[derive(Debug)]
pub(super) struct Write<'w> {
    pub(super) connection: &'w Connection,
    pub(super) place: &'w Place,
    pub(super) path: &'w str,
    pub(super) data: &'w JsonObject,
    pub(super) expected: Version,
}

/// What one try came to.
enum Outcome {
    Written,
    Conflict(PortError),
    Unknown(PortError),
}

/// What a look at the versions says about a write of unknown fate.
enum Finding {
    TookPlace,
    StillPossible,
    Lost,
    CannotTell(&'static str),
}

/// Refuses what need not be sent.
pub(super) fn check(path: &str, data: &JsonObject, limits: &EntryLimits) -> Result<(), PortError> {
    let errand = errand(path);
    check_path(&errand, path)?;
    entry::check(&errand, data, limits)
}

fn errand(path: &str) -> Errand<'_> {
    Errand::new("write the secret", path)
}

impl Write<'_> {
    /// Makes the write; gives the new version.
    pub(super) async fn make(&self) -> Result<Version, PortError> {
        let errand = errand(self.path);
        let next = Version(self.expected.0 + 1);
        let body = format!(r#"{{"data":{},"options":{{"cas":{}}}}}"#, self.data.to_text(), self.expected);
        let mut delays = self.connection.retry().delays();
        let mut doubt: Option<PortError> = None;
        loop {
            let outcome = match self.put(&errand, body.clone(), next).await {
                Ok(outcome) => outcome,
                // An earlier try may still take place.
                Err(error) => return Err(doubt.map_or(error, |doubt| unclear(&errand, doubt, ""))),
            };
            let failure = match outcome {
                Outcome::Written => return Ok(next),
                Outcome::Conflict(error) if doubt.is_none() => return Err(error),
                Outcome::Conflict(error) | Outcome::Unknown(error) => error,
            };
            tracing::debug!(subject = self.path, %failure, "looking up the fate of a write");
            match self.look(next).await {
                Ok(Finding::TookPlace) => return Ok(next),
                Ok(Finding::StillPossible) => {}
                Ok(Finding::Lost) => {
                    return Err(errand
                        .advise(
                            PortErrorKind::Conflict,
                            "it was changed by somebody else since it was read",
                            "read it again and make the change anew",
                        )
                        .with_source(failure));
                }
                Ok(Finding::CannotTell(why)) => return Err(unclear(&errand, failure, why)),
                Err(error) => {
                    let why = format!("reading it again failed too: {}", error.reason);
                    return Err(unclear(&errand, failure, &why));
                }
            }
            let Some(delay) = delays.next() else {
                return Err(unclear(&errand, failure, "it has not taken place so far"));
            };
            doubt = Some(failure);
            self.connection.wait(delay).await;
        }
    }

    /// One try. The error is one after which nothing was written.
    async fn put(&self, errand: &Errand<'_>, body: String, next: Version) -> Result<Outcome, PortError> {
        let path = self.place.below(self.path);
        let call = errand
            .call(Method::POST, "/v1/*mount/data/*path", &[&self.place.mount, &path])
            .body("application/json", body)
            .judge(judge_write);
        let answer = match self.connection.send(errand, call).await {
            Ok(answer) => answer,
            Err(error) if error.kind == PortErrorKind::Ambiguous => {
                return Ok(Outcome::Unknown(error));
            }
            Err(error) => return Err(error),
        };
        if answer.status.is_success() {
            return accepted(errand, &answer, next);
        }
        let refused = Refused::read(&answer);
        let error = refused.error(errand);
        match refused.refusal {
            Refusal::CasMismatch => Ok(Outcome::Conflict(error)),
            Refusal::Broken => Ok(Outcome::Unknown(error)),
            _ => Err(error),
        }
    }

    async fn look(&self, next: Version) -> Result<Finding, PortError> {
        let newest = self.read(None).await?;
        let slot = match newest.version() {
            version if version == self.expected => return Ok(Finding::StillPossible),
            version if version < self.expected => {
                return Ok(Finding::CannotTell("its history was removed meanwhile"));
            }
            version if version == next => newest,
            _ => self.read(Some(next)).await?,
        };
        Ok(match slot {
            Slot::Present { data, .. } if data == *self.data => Finding::TookPlace,
            Slot::Present { .. } => Finding::Lost,
            Slot::Vacant { .. } => Finding::CannotTell("the version in question was deleted"),
        })
    }

    async fn read(&self, version: Option<Version>) -> Result<Slot, PortError> {
        let errand = Errand::new("read the secret again", self.path);
        read_version(self.connection, self.place, &errand, self.path, version).await
    }
}

/// Whether an answer without refusal is that of KV v2. KV v1 takes any JSON and
/// answers 204; a proxy may answer anything. Without the version that follows
/// the expected one nothing says that the expectation was checked.
fn accepted(errand: &Errand<'_>, answer: &Answer, next: Version) -> Result<Outcome, PortError> {
    let parsed = if answer.status == StatusCode::NO_CONTENT || answer.body.is_empty() {
        None
    } else {
        match wire::read::<VersionMetadata>(errand, answer) {
            Ok(envelope) => envelope.data.and_then(|data| data.version),
            // Broken on its way: what stands there will tell.
            Err(error) => return Ok(Outcome::Unknown(error)),
        }
    };
    let reason = match parsed {
        Some(version) if version == next.0 => return Ok(Outcome::Written),
        Some(version) => format!(
            "the write was answered with version {version} where {next} had to follow: the \
             version was not checked"
        ),
        None => "the write was answered without a version: nothing says that it was checked".to_owned(),
    };
    Err(errand.advise(
        PortErrorKind::Ambiguous,
        reason,
        "check that the mount is KV v2 and that no proxy answers in its place, then read the \
         secret before anything else",
    ))
}

fn unclear(errand: &Errand<'_>, failure: PortError, why: &str) -> PortError {
    let reason = if why.is_empty() {
        format!("it is unknown whether it took place: {}", failure.reason)
    } else {
        format!("it is unknown whether it took place: {}; {why}", failure.reason)
    };
    errand
        .advise(PortErrorKind::Ambiguous, reason, "read the secret and compare before anything else")
        .with_source(failure)
}
