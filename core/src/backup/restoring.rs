//! Puts an archive back: held first, then record by record, each against the
//! version that was read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::archive::Archive;
use super::contents::{Contents, Part};
use super::difference::{PartDifference, Values, differences};
use super::entry::entry_of;
use super::folder::BackupFolder;
use super::hold::{Hold, held};
use super::keeping::{Snapshot, keep};
use super::problem::BackupError;
use super::settled::write_settled;
use super::when::{Moment, When};
use crate::model::{InstanceId, JsonObject, layout};
use crate::ports::{PortError, PortErrorKind, SecretStore, Slot, Version};
use crate::updater::{Stamp, fresh_operation};

/// How often the index is read and merged again after a write elsewhere in it.
const ATTEMPTS: u32 = 3;

/// Why a restore keeps an archive, as that says.
const REASON: &str = "restore";

/// What is to be put back.
#[derive(Debug)]
pub struct RestoreOrder<'a> {
    /// The archive.
    pub archive: &'a Archive,
    /// Only this part; otherwise all that the archive holds.
    pub only: Option<Part>,
    /// The folder for the archive of what is replaced.
    pub folder: &'a BackupFolder,
    /// The time.
    pub at: DateTime<Utc>,
    /// Whether it may say another service or plan than the broker does.
    pub allow_other_plan: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
}

impl RestoreOrder<'_> {
    /// Whether a part is to be put back.
    fn asks_for(&self, part: Part) -> bool {
        self.only.unwrap_or(part) == part && self.archive.contents.get(part).is_some()
    }

    /// The same order in words that mean the same archive also once there are
    /// newer ones.
    fn by_its_time(&self, instance: &InstanceId) -> String {
        let only = self.only.map(|part| format!(" --only {}", part.name())).unwrap_or_default();
        let allowed = if self.allow_other_plan { " --allow-other-plan" } else { "" };
        format!("backups restore {instance}@{}{only}{allowed}", self.archive.at.0)
    }
}

/// What was put back, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restoration {
    /// The instance, spelled as the index spells it.
    pub instance: InstanceId,
    /// The archive that was put back.
    pub archive: String,
    /// When that was taken.
    pub taken_at: Moment,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The parts that differed, as they may be shown.
    pub changes: Vec<PartDifference>,
    /// Parts that stand in the store and not in the archive: they stay.
    pub left: Vec<Part>,
    /// The archive that holds what was replaced.
    pub replaced: Option<String>,
    /// The hold that keeps runs from undoing it.
    pub hold: Hold,
}

/// What stands in the store of an instance, with versions.
#[derive(Debug)]
struct Present {
    instance: InstanceId,
    entry: JsonObject,
    index: Slot,
    records: [(Part, Slot); 3],
}

impl Present {
    async fn read(store: &dyn SecretStore, instance: &InstanceId) -> Result<Self, BackupError> {
        let index = store.read(layout::INDEX).await?;
        let (instance, entry) = entry_of(index.data(), instance)?;
        let records = [
            (Part::Root, store.read(&layout::root(&instance)).await?),
            (Part::Manifest, store.read(&layout::manifest(&instance)).await?),
            (Part::Metadata, store.read(&layout::metadata(&instance)).await?),
        ];
        Ok(Self { instance, entry, index, records })
    }

    fn contents(&self) -> Contents {
        let entry = Contents::new().with(Part::Index, Some(&self.entry));
        self.records.iter().fold(entry, |contents, (part, slot)| contents.with(*part, slot.data()))
    }

    fn versions(&self) -> BTreeMap<Part, Version> {
        let records = self.records.iter().map(|(part, slot)| (*part, slot.version()));
        records.chain([(Part::Index, self.index.version())]).collect()
    }
}

/// What stands in the store of an instance, as an archive would hold it.
///
/// # Errors
/// If the index has no entry of it, or something cannot be read.
pub async fn present(store: &dyn SecretStore, instance: &InstanceId) -> Result<Contents, BackupError> {
    Ok(Present::read(store, instance).await?.contents())
}

/// Puts an archive back. What it replaces is kept as an archive first; then the
/// index entry is written with a hold, so that no run undoes half of it; then
/// the records. A part that the archive lacks stays as it is.
///
/// # Errors
/// `Refused` if the broker removed the entry, is at work on the instance, or has
/// moved it to another plan since;
/// `Unfinished` if anything fails once writing has begun, also because somebody
/// else wrote meanwhile. What they wrote stays, and the order that goes on is
/// in the error.
pub async fn restore(
    store: &dyn SecretStore,
    instance: &InstanceId,
    order: &RestoreOrder<'_>,
) -> Result<Restoration, BackupError> {
    let present = Present::read(store, instance).await?;
    refuse_at_work(&present, order.at)?;
    if !order.allow_other_plan {
        refuse_other_plan(store, &present, order).await?;
    }
    let there = present.contents();
    let wanted = wanted(&there, order)?;
    let now = Moment::of(order.at);
    let hold = Hold::of_restore(now, &order.archive.path, order.archive.at);
    let mut restoration = Restoration {
        instance: present.instance.clone(),
        archive: order.archive.path.clone(),
        taken_at: order.archive.at,
        dry_run: order.dry_run,
        changes: differences(&present.instance, &there, &wanted, Values::Redacted),
        left: there
            .parts()
            .map(|(part, _)| part)
            .filter(|part| order.archive.contents.get(*part).is_none())
            .collect(),
        replaced: None,
        hold,
    };
    if order.dry_run {
        return Ok(restoration);
    }
    let (instance, versions) = (&present.instance, present.versions());
    let snapshot = Snapshot {
        instance,
        contents: there,
        versions,
        replaced: Part::ALL.to_vec(),
        reason: REASON,
        at: now,
    };
    // Nothing is removed here: it could be the archive that is put back.
    // From here on the newest archive is not the one that `@-1` meant.
    let mut put_back = Vec::new();
    let unfinished = |error: PortError, put_back: &[Part], is_held| BackupError::Unfinished {
        error,
        order: order.by_its_time(instance),
        put_back: put_back.to_vec(),
        is_held,
    };
    let kept = keep(store, order.folder, &snapshot).await;
    restoration.replaced = Some(kept.map_err(|error| unfinished(error, &put_back, false))?.path);
    let mut entry = wanted.get(Part::Index).unwrap_or(&present.entry).clone();
    restoration.hold.set(&mut entry);
    write_entry(store, &present, &entry).await.map_err(|error| match error {
        BackupError::Port(error) => unfinished(error, &put_back, false),
        refused => refused,
    })?;
    put_back.extend(Some(Part::Index).filter(|part| order.asks_for(*part)));
    // What stands there already is written too: a run that read it before must
    // not find the version that it read.
    for (part, slot) in present.records.iter().filter(|(part, _)| order.asks_for(*part)) {
        let Some(after) = wanted.get(*part) else { continue };
        let written = write_settled(store, &part.path(instance), after, slot.version()).await;
        written.map_err(|error| unfinished(error, &put_back, true))?;
        put_back.push(*part);
    }
    Ok(restoration)
}

/// An archive is not meant by its place if that may not be what it seems: it bears
/// a time that is still to come, or a restore made it of what it replaced. That
/// one stands, after a restore that broke off, where the archive stood that was to
/// be put back, and holds what that was to replace.
///
/// # Errors
/// `Refused`, with the archives by their times.
pub fn refuse_counted(
    archive: &Archive,
    when: When,
    instance: &InstanceId,
    entry: Option<&JsonObject>,
    now: DateTime<Utc>,
) -> Result<(), BackupError> {
    if !matches!(when, When::Back(_)) {
        return Ok(());
    }
    let path = &archive.path;
    if archive.at > Moment::latest(now) {
        return Err(BackupError::Refused {
            reason: format!(
                "`@{when}` is `{path}`, named by a time that is still to come, {}: a clock was wrong, and it need not \
                 be the newest",
                archive.at
            ),
            advice: format!("name the one that is meant by its time: `backups list {instance}` shows all"),
        });
    }
    if archive.reason != REASON {
        return Ok(());
    }
    let undo = format!("to undo that restore: `backups restore {instance}@{}`", archive.at.0);
    let goes_on = entry.and_then(held).and_then(|hold| hold.second());
    let advice = match goes_on {
        Some(second) => format!("to go on with the restore: `backups restore {instance}@{second}`; {undo}"),
        None => format!("{undo}; `backups list {instance}` shows the others"),
    };
    let reason = format!("`@{when}` is `{path}`, which a restore made of what it replaced");
    Err(BackupError::Refused { reason, advice })
}

/// What should stand there: the archive's parts that are asked for, and the
/// rest as it is.
fn wanted(there: &Contents, order: &RestoreOrder<'_>) -> Result<Contents, BackupError> {
    let archived = &order.archive.contents;
    if let Some(part) = order.only.filter(|part| archived.get(*part).is_none()) {
        return Err(BackupError::Refused {
            reason: format!("the archive `{}` does not hold the {}", order.archive.path, part.name()),
            advice: "`backups show` tells what an archive holds".to_owned(),
        });
    }
    let parts = archived.parts().filter(|(part, _)| order.asks_for(*part));
    Ok(parts.fold(there.clone(), |contents, (part, object)| contents.with(part, Some(object))))
}

/// The broker rewrites records blindly while it is at work: whatever is put
/// back then may be gone the next second, and what it wrote with it.
fn refuse_at_work(present: &Present, at: DateTime<Utc>) -> Result<(), BackupError> {
    let Some(status) = fresh_operation(&present.entry, Stamp::at(at)) else { return Ok(()) };
    Err(BackupError::Refused {
        reason: format!("the broker is at work on instance `{}`: its status is `{status}`", present.instance),
        advice: "wait until it is done and give the order again".to_owned(),
    })
}

/// What the broker wrote about service and plan counts: it computes the name of
/// the deployment from that. Where the archive says something else than what
/// stands there, its own copy of the request settles it.
async fn refuse_other_plan(
    store: &dyn SecretStore,
    present: &Present,
    order: &RestoreOrder<'_>,
) -> Result<(), BackupError> {
    let there = present.contents();
    let parts = [Part::Index, Part::Root].into_iter().filter(|part| order.asks_for(*part));
    let moved = parts.flat_map(|part| ["service_id", "plan_id"].map(|field| (part, field))).filter_map(
        |(part, field)| {
            let text = |contents: &Contents| contents.get(part)?.text(field).filter(|text| !text.is_empty());
            let (archived, now) = (text(&order.archive.contents)?, text(&there)?);
            (archived != now).then_some((part, field, archived, now))
        },
    );
    let moved: Vec<_> = moved.collect();
    if moved.is_empty() {
        return Ok(());
    }
    let request = store.read(&layout::deployment(&present.instance)).await?;
    let said = |field: &str| request.data().and_then(|request| request.text(field));
    for (part, field, archived, now) in moved {
        let settled = match said(field) {
            Some(said) if said == archived => continue,
            Some(said) => format!("and the broker's own request `{}`", said.escape_debug()),
            None => format!(
                "what stands there `{}`, and the broker's own request is not there to settle it",
                now.escape_debug()
            ),
        };
        return Err(BackupError::Refused {
            reason: format!(
                "the {} in the archive says {field} `{}`, {settled}",
                part.name(),
                archived.escape_debug()
            ),
            advice: "put back only the manifest or the metadata with `--only`, or all of it, if the broker is wrong, \
                     with `--allow-other-plan`"
                .to_owned(),
        });
    }
    Ok(())
}

/// Writes the index with one entry replaced. Other entries may change
/// meanwhile; this one may not.
async fn write_entry(
    store: &dyn SecretStore,
    present: &Present,
    entry: &JsonObject,
) -> Result<(), BackupError> {
    let mut slot = present.index.clone();
    for attempt in 1.. {
        let (key, there) = entry_of(slot.data(), &present.instance)?;
        if there == *entry {
            return Ok(());
        }
        if key.as_str() != present.instance.as_str() || there != present.entry {
            let reason = "the instance's entry was written by somebody else since it was read";
            let error =
                PortError::new(PortErrorKind::Conflict, "write the index entry", key.as_str(), reason);
            return Err(error.into());
        }
        let mut index = slot.data().cloned().unwrap_or_default();
        index.set_value(key.as_str(), entry);
        match write_settled(store, layout::INDEX, &index, slot.version()).await {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == PortErrorKind::Conflict && attempt < ATTEMPTS => {
                slot = store.read(layout::INDEX).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("the loop ends in one of its attempts")
}
