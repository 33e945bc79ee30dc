//! What would be written for a matched instance, computed without writing, and
//! the writing of it by compare-and-set.

mod apply;
mod backup;
mod change;
mod fields;
mod history;
mod instance;
mod marks;
mod secrets;

pub use apply::{Applied, Done, Failure, Settled, apply};
pub use backup::{Backup, BackupTaker};
pub use change::{Change, Disposition, EntryChange, Finding, InstanceChange, SecretChange, Skip};
pub use fields::{FieldChange, FieldSet, changed_fields};
pub use instance::{Matched, Observed, Stamp, decide_change, is_up_to_date};
pub use marks::{REFERENCE_SIGNATURE, bears_marks, healed, missing_marks, stale_marks};
