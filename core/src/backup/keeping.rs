//! Keeps what stands in the store as a new archive, unless the newest holds the
//! same already.

use std::collections::BTreeMap;

use super::archive::{Archive, encode};
use super::contents::{Contents, Part};
use super::folder::BackupFolder;
use super::shelf::second_of;
use super::when::Moment;
use crate::model::{InstanceId, JsonObject};
use crate::ports::{PortError, PortErrorKind, SecretStore, Slot, Version};

/// How many writes are tried. Two programs that back up the same instance in
/// the same second need two; more are a sign that something else is wrong.
const ATTEMPTS: u32 = 8;

/// What is to be kept.
#[derive(Debug)]
pub struct Snapshot<'a> {
    /// Whose records.
    pub instance: &'a InstanceId,
    /// What was read of them.
    pub contents: Contents,
    /// The versions that were read.
    pub versions: BTreeMap<Part, Version>,
    /// The parts that the change replaces.
    pub replaced: Vec<Part>,
    /// Why: a word.
    pub reason: &'static str,
    /// When.
    pub at: Moment,
}

/// Where something is kept now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// The archive that holds it.
    pub path: String,
    /// Its second.
    pub second: u64,
    /// Whether it was written for this; if not, the newest archive held the
    /// same.
    pub written: bool,
    /// The seconds of all archives in the folder, newest first.
    pub seconds: Vec<u64>,
}

/// Keeps a snapshot: one list and one write, and a read only if the newest
/// archive may hold the same.
///
/// # Errors
/// If the store cannot be listed, read or written; then nothing may be changed
/// that is not kept.
pub async fn keep(
    store: &dyn SecretStore,
    folder: &BackupFolder,
    snapshot: &Snapshot<'_>,
) -> Result<Deposit, PortError> {
    let instance = snapshot.instance;
    let names = store.list(&folder.of(instance)).await?;
    let mut seconds: Vec<u64> = names.iter().filter_map(|name| second_of(name)).collect();
    seconds.sort_unstable_by(|a, b| b.cmp(a));
    let digest = snapshot.contents.digest();
    // One that a wrong clock has put into the future is not the latest.
    let latest = seconds.iter().find(|second| **second <= snapshot.at.0).or(seconds.first());
    if let Some(&newest) = latest {
        let unfinished = is_unfinished(&snapshot.contents, Moment(newest));
        if unfinished || !written_since(&snapshot.contents, Moment(newest)) {
            let path = folder.archive(instance, newest);
            let archive = own_archive(instance, &path, &store.read(&path).await?);
            let is_kept = |archive: &Archive| {
                archive.digest == digest || (unfinished && holds_what_is_replaced(archive, snapshot))
            };
            if archive.as_ref().is_some_and(is_kept) {
                return Ok(Deposit { path, second: newest, written: false, seconds });
            }
        }
    }
    let mut second = free_from(snapshot.at.0, &seconds);
    for _ in 0..ATTEMPTS {
        let path = folder.archive(instance, second);
        let written = store.write(&path, &encode(snapshot, &digest, second), Version::NEVER).await;
        let there = match written {
            Ok(_) => true,
            Err(error) if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::Ambiguous) => {
                let slot = store.read(&path).await?;
                let there = holds(instance, &path, &slot, &digest);
                // If nothing was ever there, the write was lost on its way and
                // may be made again; otherwise the second is taken.
                if !there && slot != (Slot::Vacant { version: Version::NEVER }) {
                    second = free_from(second + 1, &seconds);
                }
                there
            }
            Err(error) => return Err(error),
        };
        if there {
            let place = seconds.partition_point(|other| *other > second);
            seconds.insert(place, second);
            return Ok(Deposit { path, second, written: true, seconds });
        }
    }
    Err(PortError::new(
        PortErrorKind::Conflict,
        "write an archive below",
        folder.of(instance),
        format!("{ATTEMPTS} seconds in a row were taken by somebody else"),
    )
    .with_advice("find out what else writes there, and run again"))
}

/// The first second that no archive has.
fn free_from(second: u64, seconds: &[u64]) -> u64 {
    (second..).find(|second| !seconds.contains(second)).unwrap_or(u64::MAX)
}

/// The archive of ours in a slot, if it is whole.
fn own_archive(instance: &InstanceId, path: &str, slot: &Slot) -> Option<Archive> {
    let archive = Archive::decode(instance, path, slot.data()?).ok()?;
    archive.is_own().then_some(archive)
}

/// Whether a slot is an archive of ours with that content.
fn holds(instance: &InstanceId, path: &str, slot: &Slot, digest: &str) -> bool {
    own_archive(instance, path, slot).is_some_and(|archive| archive.digest == digest)
}

/// Whether an archive holds all that a change replaces, as it stands there.
fn holds_what_is_replaced(archive: &Archive, snapshot: &Snapshot<'_>) -> bool {
    let digest = |contents: &Contents, part| Contents::new().with(part, contents.get(part)).digest();
    let mut replaced = snapshot.replaced.iter();
    replaced.all(|part| digest(&archive.contents, *part) == digest(&snapshot.contents, *part))
}

/// Whether the run that took an archive then did not come to its end: it stamped
/// records and not the index entry, which comes last. What it wrote is half of
/// something, and no state that anybody wants back.
fn is_unfinished(contents: &Contents, taken: Moment) -> bool {
    let entry = contents.get(Part::Index);
    let is_stamped = ["reconciled_at", "updated_at"]
        .into_iter()
        .any(|field| entry.and_then(|entry| stamp(entry, field)).is_some_and(|stamp| stamp >= taken));
    written_since(contents, taken) && !is_stamped
}

/// Whether a reconciler wrote any of the objects at that time or later. It
/// stamps only what it changes: then an archive of that time holds something
/// else, and need not be read to know it.
fn written_since(contents: &Contents, taken: Moment) -> bool {
    let stamps = [
        (Part::Root, "reconciled_at"),
        (Part::Root, "last_synced_at"),
        (Part::Manifest, "updated_at"),
        (Part::Metadata, "reconciled_at"),
    ];
    stamps.into_iter().any(|(part, field)| {
        let object = contents.get(part);
        object.and_then(|object| stamp(object, field)).is_some_and(|stamp| stamp >= taken)
    })
}

fn stamp(object: &JsonObject, field: &str) -> Option<Moment> {
    let number = object.raw(field)?.get().parse().ok().map(Moment);
    number.or_else(|| Moment::parse(&object.text(field)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_of_either_kind_tells_of_a_later_write() {
        let contents = |part, text| Contents::new().with(part, Some(&JsonObject::parse(text).unwrap()));
        let taken = Moment(1_767_225_600);
        for (part, text, later) in [
            (Part::Root, r#"{"reconciled_at":1767225600}"#, true),
            (Part::Root, r#"{"reconciled_at":1767225599}"#, false),
            (Part::Metadata, r#"{"reconciled_at":"2026-01-01T00:00:00Z"}"#, true),
            (Part::Metadata, r#"{"reconciled_at":"2025-12-31T23:59:59Z"}"#, false),
            (Part::Manifest, r#"{"updated_at":"soon","manifest":"x"}"#, false),
            // The broker and others write the index entry and stamp it too.
            (Part::Index, r#"{"updated_at":"2027-01-01T00:00:00Z"}"#, false),
        ] {
            assert_eq!(written_since(&contents(part, text), taken), later, "{text}");
        }
    }

    #[test]
    fn a_run_that_stamped_records_and_not_the_entry_is_unfinished() {
        let taken = Moment(1_767_225_600);
        for (root, entry, unfinished) in [
            (r#"{"reconciled_at":1767225600}"#, r#"{"plan_id":"p"}"#, true),
            (r#"{"reconciled_at":1767225600}"#, r#"{"reconciled_at":"2025-12-31T23:59:59Z"}"#, true),
            (r#"{"reconciled_at":1767225600}"#, r#"{"reconciled_at":"2026-01-01T00:00:00Z"}"#, false),
            (r#"{"reconciled_at":1767225599}"#, r#"{"plan_id":"p"}"#, false),
        ] {
            let object = |text| JsonObject::parse(text).unwrap();
            let contents = Contents::new().with(Part::Root, Some(&object(root)));
            let contents = contents.with(Part::Index, Some(&object(entry)));
            assert_eq!(is_unfinished(&contents, taken), unfinished, "{root} {entry}");
        }
    }

    #[test]
    fn the_next_free_second_is_the_first_that_no_archive_has() {
        assert_eq!(free_from(5, &[]), 5);
        assert_eq!(free_from(5, &[9, 6, 5]), 7);
    }
}
