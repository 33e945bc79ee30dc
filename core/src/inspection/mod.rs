//! What stands in the store, told without changing it: the index entry by entry,
//! what contradicts it, and what has happened to instances.

mod entry;
mod event;
mod verify;

pub use entry::{EntryState, EntryView, OtherView, entry_view, other_views};
pub use event::{Event, Histories, History, histories, history_of};
pub use verify::{IndexVerification, Unread, Witnesses, verify_entry, verify_index};
