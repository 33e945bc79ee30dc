//! Archives of what a run may change: taken before the first write, listed,
//! compared, put back, and kept few.
//!
//! An archive is a secret of its own at `{instance}/{folder}/{unix second}`. It
//! holds the instance's record, manifest, metadata and index entry as they
//! stood, byte for byte; never credentials. Archives of three older layouts can
//! be read and put back, and are never removed.

mod archive;
mod beside;
mod contents;
mod difference;
mod entry;
mod folder;
mod hold;
mod keeping;
mod legacy;
mod pack;
mod problem;
mod restoring;
mod retention;
mod run;
mod settled;
mod shelf;
mod when;

pub use archive::{Archive, Fault, Layout};
pub use beside::{OtherReconciler, Sign};
pub use contents::{Contents, Part};
pub use difference::{PartDifference, Values, differences, parts_of};
pub use entry::spelled;
pub use folder::{BackupFolder, InvalidFolder};
pub use hold::{Hold, Release, held, release};
pub use keeping::{Deposit, Snapshot, keep};
pub use problem::BackupError;
pub use restoring::{Restoration, RestoreOrder, present, refuse_counted, restore};
pub use retention::{Pruning, oldest_last, prune};
pub use run::{BackupPolicy, RunBackups, folder_in_use};
pub use shelf::{Listed, Listing, Shelf, Unreadable};
pub use when::{Moment, When};
