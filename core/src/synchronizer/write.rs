//! Writes the index, at most once a run.

use super::merge::{IndexMerge, merge_index};
use crate::model::{JsonObject, layout};
use crate::ports::{PortError, PortErrorKind, SecretStore, Slot};
use crate::updater::EntryChange;

/// How often the index is read and merged again after a conflict.
const ATTEMPTS: u32 = 3;

/// What became of the index.
#[derive(Debug)]
pub struct IndexWrite {
    /// The last merge.
    pub merge: IndexMerge,
    /// Whether it was written.
    pub written: bool,
    /// How many entries the index holds now.
    pub entries: usize,
}

/// Merges entries into the index and writes it if something differs. Somebody
/// else's write in between means: read and merge again.
///
/// `read` is the index as the run saw it. Unless it changed since, it is not
/// read again.
///
/// # Errors
/// If it could not be read or written; it is as it was then, or `Ambiguous`.
pub async fn write_index(
    store: &dyn SecretStore,
    read: Slot,
    changes: &[EntryChange],
    dry_run: bool,
) -> Result<IndexWrite, PortError> {
    let mut slot = read;
    if !dry_run && may_be_deleted_unseen(&slot) && merge_index(slot.data(), changes).after.is_some() {
        slot = read_again(store, &slot).await?;
    }
    for attempt in 1.. {
        let merge = merge_index(slot.data(), changes);
        let Some(after) = merge.after.as_ref() else {
            let entries = slot.data().map_or(0, JsonObject::len);
            return Ok(IndexWrite { merge, written: false, entries });
        };
        let entries = after.len();
        if let Some(key) = lost_key(slot.data(), after) {
            return Err(PortError::new(
                PortErrorKind::Local,
                "write the index",
                layout::INDEX,
                format!("the entry `{key}` was read and would not be written back"),
            )
            .with_advice("nothing was written; this is a defect of ours, please report it"));
        }
        if dry_run {
            return Ok(IndexWrite { merge, written: false, entries });
        }
        match store.write(layout::INDEX, after, slot.version()).await {
            Ok(_) => {
                return Ok(IndexWrite { merge, written: true, entries });
            }
            Err(error)
                if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::Ambiguous)
                    && attempt < ATTEMPTS =>
            {
                let again = read_again(store, &slot).await?;
                // Of unknown fate and there: it was written, by us or by
                // somebody who wanted just the same.
                if error.kind == PortErrorKind::Ambiguous && again.data() == Some(after) {
                    return Ok(IndexWrite { merge, written: true, entries });
                }
                slot = again;
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("the loop ends in one of its attempts")
}

/// Whether the index may be deleted without another version. The broker deletes
/// it softly with its last entry, which no check of versions notices.
fn may_be_deleted_unseen(slot: &Slot) -> bool {
    slot.data().is_some_and(|index| index.len() == 1)
}

/// A key that was read and is not to be written: there must be none, whatever
/// the merge does.
fn lost_key<'n>(now: Option<&'n JsonObject>, after: &JsonObject) -> Option<&'n str> {
    now.into_iter().flat_map(JsonObject::iter).map(|(key, _)| key).find(|key| !after.contains(key))
}

async fn read_again(store: &dyn SecretStore, before: &Slot) -> Result<Slot, PortError> {
    let again = store.read(layout::INDEX).await?;
    if before.data().is_some() && again.data().is_none() {
        return Err(PortError::new(
            PortErrorKind::Conflict,
            "write the index",
            layout::INDEX,
            "it was there when the run began and is gone now",
        )
        .with_advice("find out who removed it; nothing was written in its place"));
    }
    Ok(again)
}
