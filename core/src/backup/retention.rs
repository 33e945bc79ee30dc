//! Keeps few archives: the newest stay, and only our own are removed.

use serde::Serialize;

use super::archive::bears_our_mark;
use super::folder::BackupFolder;
use crate::model::InstanceId;
use crate::ports::{PortError, SecretStore};

/// What became of the archives in one folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pruning {
    /// The archives that were removed, or would be, newest first.
    pub removed: Vec<String>,
    /// Older ones that stay because somebody else wrote them.
    pub foreign: Vec<String>,
}

/// Removes the archives beyond the newest `retention`; 0 keeps all. What does
/// not bear our mark stays, and so does the last that does.
///
/// `seconds` are those of all archives in the folder, newest first. `fresh` is
/// an archive of ours that was just written: whatever its second, it stays. A
/// run, which gives it, looks no further than the first that is not ours: what
/// is older than that was as a rule left by others, perhaps hundreds of them.
///
/// # Errors
/// If the store fails. What was removed before is gone, and what was not is
/// removed by the next clean-up.
pub async fn prune(
    store: &dyn SecretStore,
    folder: &BackupFolder,
    instance: &InstanceId,
    seconds: &[u64],
    retention: usize,
    fresh: Option<u64>,
    dry_run: bool,
) -> Result<Pruning, PortError> {
    let mut pruning = Pruning::default();
    if retention == 0 || seconds.len() <= retention {
        return Ok(pruning);
    }
    let (kept, old) = seconds.split_at(retention);
    let mut stays = fresh.is_some();
    for second in kept {
        if stays {
            break;
        }
        stays = is_own(store, &folder.archive(instance, *second)).await? == Some(true);
    }
    for second in old.iter().filter(|second| fresh != Some(**second)) {
        let path = folder.archive(instance, *second);
        match is_own(store, &path).await? {
            Some(true) if stays => {
                if !dry_run {
                    store.purge(&path).await?;
                }
                pruning.removed.push(path);
            }
            Some(true) => stays = true,
            _ if fresh.is_some() => break,
            Some(false) => pruning.foreign.push(path),
            None => {}
        }
    }
    Ok(pruning)
}

/// Whether an archive bears our mark; nothing if it is deleted.
async fn is_own(store: &dyn SecretStore, path: &str) -> Result<Option<bool>, PortError> {
    Ok(store.read(path).await?.data().map(bears_our_mark))
}
