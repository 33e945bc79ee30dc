//! Why nothing is written for a matched deployment: what forbids it before its
//! records are read, and what they say themselves. Pure.

use chrono::Duration;

use super::change::{Finding, Skip};
use super::instance::{Matched, Observed, Stamp};
use super::operation::{believed_until, fresh_operation, noted_ahead};
use super::times::{rfc3339, time};
use crate::manifest::secrets::{KnownNames, Place, visibility};
use crate::manifest::{REDACTED, Visibility};
use crate::matching::INSTANCE_ID_PATHS;
use crate::model::{InstanceId, JsonObject, layout};

/// The least kinds of evidence that must agree before a new entry is made.
const KINDS_FOR_A_NEW_ENTRY: usize = 2;

/// How long it may take from storing a manifest until the Director works on it,
/// and how far the broker's clock may be behind ours.
const TO_BEGIN: Duration = Duration::minutes(5);
/// What was stored later than this after a run began has a wrong time.
const LONGEST_RUN: Duration = Duration::hours(24);

/// Why the records must be left alone whatever stands in them, if they must:
/// then they need not be read.
#[must_use]
pub fn standing_obstacle(matched: &Matched<'_>, in_flight: bool, stamp: Stamp) -> Option<Finding> {
    let name = &matched.summary.name;
    if in_flight {
        let message = "a task of the Director works on it; the next run looks again";
        return Some(Finding::new("deployment.in-flight", name, message));
    }
    if matched.entry.is_some_and(|entry| layout::is_held(&entry.fields)) {
        let message = format!(
            "instance `{0}` is held since its records were restored; `backups release {0}` lets go of it",
            matched.identity.instance
        );
        return Some(Finding::new("instance.held", name, message));
    }
    if matched.entries > 1 {
        let message = format!(
            "the index has instance `{}` in {} spellings; take out those that are wrong",
            matched.identity.instance, matched.entries
        );
        return Some(Finding::new("entry.ambiguous", name, message));
    }
    if matched.is_displaced {
        let message = format!(
            "what the index has for instance `{}` is no object; its records are not written until the broker writes it anew \
             or somebody takes it out",
            matched.identity.instance
        );
        return Some(Finding::new("entry.not-an-object", name, message));
    }
    if let Some(status) = matched.entry.and_then(|entry| fresh_operation(&entry.fields, stamp)) {
        let ahead = matched.entry.and_then(|entry| noted_ahead(&entry.fields, stamp));
        let clocks = ahead.map_or_else(String::new, |at| {
            format!(", noted at {}, which is still to come by our clock", rfc3339(at))
        });
        let message = format!("the broker is at work on it: `{status}`{clocks}; a later run looks again");
        return Some(Finding::new("instance.in-operation", name, message));
    }
    unusable_manifest(matched)
}

/// Why the records must be left alone, now that they have been read.
pub(super) fn obstacle(
    matched: &Matched<'_>,
    observed: &Observed,
    in_flight: bool,
    stamp: Stamp,
) -> Option<Skip> {
    let standing = standing_obstacle(matched, in_flight, stamp).map(Skip::from);
    let found = standing.or_else(|| leaving(matched, observed, stamp));
    found.or_else(|| unfit(matched, observed).map(Skip::from))
}

/// What in the records forbids to write them, and does not pass by itself.
fn unfit(matched: &Matched<'_>, observed: &Observed) -> Option<Finding> {
    if let Some(finding) = states_another(matched, observed) {
        return Some(finding);
    }
    let name = &matched.summary.name;
    if matched.entry.is_none() {
        let deleted = ["delete_requested_at", "deleted_at"]
            .into_iter()
            .find(|field| observed.metadata.data().is_some_and(|metadata| metadata.contains(field)));
        if let Some(field) = deleted {
            let message = format!("the broker noted `{field}`, but the deployment is still there");
            return Some(Finding::new("deployment.stray", name, message));
        }
    }
    // An entry that names no plan is as good as none.
    let is_new = matched.entry.is_none_or(|entry| entry.plan().is_none());
    if is_new && matched.agreeing < KINDS_FOR_A_NEW_ENTRY {
        let message = format!(
            "only one kind of evidence says that it is instance `{}`, whose plan the index does not \
             know; that needs two",
            matched.identity.instance
        );
        return Some(Finding::new("entry.unproven", name, message));
    }
    None
}

/// Why the records must be left alone although the index has the instance: the
/// broker was asked to delete it. It notes that here before it does so there.
fn leaving(matched: &Matched<'_>, observed: &Observed, stamp: Stamp) -> Option<Skip> {
    let metadata = observed.metadata.data().filter(|_| matched.entry.is_some())?;
    let until = believed_until(time(metadata, "delete_requested_at")?, stamp)?;
    let message = "the broker was asked to delete it: `delete_requested_at`; a later run looks again";
    let finding = Finding::new("instance.in-operation", &matched.summary.name, message);
    Some(Skip { finding, until: Some(until) })
}

/// Why a stored manifest must not be replaced yet: the broker stores the new one
/// before the Director has it.
pub(super) fn newer_manifest(matched: &Matched<'_>, stored: &JsonObject, stamp: Stamp) -> Option<Skip> {
    let at = time(stored, "stored_at")?;
    let apart = stamp.clocks_apart;
    let is_newer = stamp.at - at < TO_BEGIN + apart && at - stamp.at < LONGEST_RUN + apart;
    is_newer.then(|| {
        let message = format!(
            "the broker stored another manifest at {}, which the Director does not have yet; its records \
             are not written, a later run looks again",
            rfc3339(at)
        );
        let finding = Finding::new("manifest.newer", &matched.summary.name, message);
        Skip { finding, until: at.checked_add_signed(TO_BEGIN + apart) }
    })
}

/// The instance that a record says it is that of, if that is another one.
#[must_use]
pub fn stated_instance(record: &JsonObject, own: &InstanceId) -> Option<String> {
    let stated = record.text("instance_id").filter(|stated| !stated.is_empty())?;
    (InstanceId::new(&stated).ok().as_ref() != Some(own)).then_some(stated)
}

/// Why a record must not be written: it says that it is another instance's.
fn states_another(matched: &Matched<'_>, observed: &Observed) -> Option<Finding> {
    let instance = &matched.identity.instance;
    let stated = stated_instance(observed.root.data()?, instance)?;
    let message = format!(
        "the record of instance `{instance}` says that it is that of `{}`; its records are not written",
        stated.escape_debug()
    );
    Some(Finding::new("record.states-another", &matched.summary.name, message))
}

/// Why the manifest must not be stored, whatever decided without looking at it:
/// it cannot be read whole, or it says that it is another instance's.
fn unusable_manifest(matched: &Matched<'_>) -> Option<Finding> {
    let document = matched.manifest.document();
    let name = &matched.summary.name;
    if let Some(fault) = document.faults().next() {
        return Some(Finding::new(
            "manifest.unusable",
            name,
            format!("{fault}; its records are not written"),
        ));
    }
    let stated = INSTANCE_ID_PATHS.iter().find_map(|path| {
        let node = document.path(path).filter(|node| !node.is_null())?;
        let id = InstanceId::new(node.as_str()?).ok()?;
        let shown = match visibility(node, Place::below(path), KnownNames::default()) {
            Visibility::Public => id.as_str(),
            Visibility::Secret => REDACTED,
        };
        (id != matched.identity.instance).then(|| shown.to_owned())
    })?;
    let message = format!(
        "its manifest says that it is instance `{stated}`, the decision `{}`; its records are not written",
        matched.identity.instance
    );
    Some(Finding::new("manifest.states-another", name, message))
}
