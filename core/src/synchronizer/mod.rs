//! Brings the index into line: read once, merged entry by entry, written at
//! most once.

mod absence;
mod merge;
mod write;

pub use absence::{
    AbsentEntry, DirectLook, Waiting, fresh_operation, is_missing, may_turn_missing, most_transitions,
    newly_stale,
};
pub use merge::{IndexMerge, merge_index};
pub use write::{IndexWrite, write_index};
