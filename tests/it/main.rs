//! The tests of the whole: one binary.

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

mod claims;
mod decisions;
mod determinism;
mod labelled;
mod policies;
mod registry;
mod regressions;
mod stores;
