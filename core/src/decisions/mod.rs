//! Decisions as values that can be kept and compared: records of them,
//! differences between two sets, and snapshots that people have accepted. Pure:
//! knows nothing of how decisions were made, of files or of command lines.

mod captured;
mod cause;
mod difference;
mod opinion;
mod record;
mod saved;
mod snapshot;
mod snapshot_text;

pub use captured::{CapturedRun, CapturedRunError};
pub use cause::{Cause, ClaimChange};
pub use difference::{Change, ChangeKind, Difference};
pub use opinion::{RecordedOpinion, Said};
pub use record::{DecisionRecord, Degraded, Verdict};
pub use saved::{SavedDecisions, SavedError, SavedUnknown};
pub use snapshot::{Group, OTHERS, Snapshot, group_of};
pub use snapshot_text::{SnapshotError, read_group, write_group};
