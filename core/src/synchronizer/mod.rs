//! Brings the index into line: read once, merged entry by entry, written at
//! most once.

mod merge;
mod write;

pub use merge::{IndexMerge, merge_index};
pub use write::{IndexWrite, write_index};
