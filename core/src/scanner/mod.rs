//! Reads one Director: the list of deployments, then their manifests as a
//! stream, and says whether what it saw proves what it did not see. Knows
//! nothing of matching or of stores.
//!
//! Whoever has had enough drops the future or the stream: nothing goes on.

mod cache;
mod completeness;
mod events;
mod scan;
#[cfg(test)]
mod tests;

pub use cache::{CacheLookups, ManifestCache};
pub use completeness::{Completeness, Gap, GapReason, Shortfall};
pub use events::{DeploymentTimes, times_of};
pub use scan::{Scan, ScanSettings, Scanner, Seen};
