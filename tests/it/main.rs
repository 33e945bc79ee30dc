//! The tests of the whole: one binary.

<<<<<<< HEAD
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]
=======
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
>>>>>>> tmatch

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

<<<<<<< HEAD
mod documents;
mod rooms;
=======
mod admission;
mod claims;
mod decisions;
mod determinism;
mod explanations;
mod labelled;
mod policies;
mod registry;
mod regressions;
>>>>>>> tmatch
mod stores;
