//! Fleets in folders: everything a run looks at, as files, so that a decision
//! can be made, tested and repeated without a network.

#[cfg(feature = "reconcile")]
mod director;
mod folder;
mod labels;
mod wire;

pub use folder::FleetFolder;
pub use labels::read_labels;
