//! The embedded store and the state file, on SQLite.
//!
//! Two kinds of file, opened and explained by the same code: the store keeps
//! the records of fleets that have no Vault, the state file keeps what the
//! reconciler itself has to remember between runs.

mod absences;
mod columns;
mod faults;
mod file;
mod journal;
mod owner;
mod paths;
mod private;
mod recollections;
mod records;
mod state;
mod store;

#[cfg(test)]
mod tests;

pub use owner::StateOwner;
pub use state::StateFile;
pub use store::SqliteStore;
