//! Reads one Director: the list of deployments, then their manifests in
//! batches. Knows nothing of matching or of stores.

mod scan;

pub use scan::{Completeness, Gap, Scan, Scanner};
