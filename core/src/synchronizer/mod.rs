//! Brings the index into line: read once, merged entry by entry, written at
//! most once.

mod absence;
mod merge;
mod waiting;
mod write;

pub use absence::{
    AbsentEntry, broker_works_until, is_missing, is_stale, longest_gap, may_turn_missing, most_transitions,
    newly_stale,
};
pub use merge::{IndexMerge, merge_index};
pub use waiting::Waiting;
pub use write::{IndexWrite, write_index};
