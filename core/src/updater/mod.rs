//! What would be written for a matched instance, computed without writing, and
//! the writing of it by compare-and-set.

mod again;
mod apply;
mod backup;
mod change;
mod change_set;
mod director_again;
mod entry;
mod fields;
mod fingerprint;
mod grounds;
mod history;
mod index_again;
mod instance;
mod marks;
mod obstacle;
mod operation;
mod premise;
mod secrets;
mod shown;
mod times;
mod vms;

pub use again::Again;
pub use apply::{Applied, Applier, Done, Failure, Settled, Subject};
pub use backup::{Backup, BackupTaker};
pub use change::{Change, Disposition, EntryChange, Finding, InstanceChange, SecretChange, Skip};
pub use change_set::{ChangeSet, PlannedEntry, PlannedInstance, PlannedSecret, Standing};
pub use director_again::DirectorAgain;
pub use fields::{FieldChange, FieldSet, changed_fields};
pub use grounds::{Setting, grounds};
pub use history::HistoryLimits;
pub use index_again::IndexAgain;
pub use instance::{Matched, Observed, Stamp, bears_our_stamp, decide_change, is_up_to_date};
pub use marks::{REFERENCE_SIGNATURE, bears_marks, healed, missing_marks, stale_marks};
pub use obstacle::{standing_obstacle, stated_instance};
pub use operation::{FURTHEST_AHEAD, believed_until, fresh_operation};
pub use premise::Premise;
pub use times::{Creation, CreationTimes, rfc3339, time};
