//! Fleets in folders: everything a run looks at, as files, so that a decision
//! can be made, tested and repeated without a network.

mod captured;
#[cfg(feature = "reconcile")]
mod director;
mod folder;
mod forge;
mod labels;
mod wire;
mod writer;

pub use folder::FleetFolder;
pub use labels::read_labels;
pub use writer::{FleetWriter, WrittenFleet};
