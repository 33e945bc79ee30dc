//! The tests of the whole: one binary.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

mod absence;
mod admission;
mod backups;
#[cfg(unix)]
mod capture;
mod claims;
#[cfg(unix)]
mod cli;
mod compared;
#[cfg(unix)]
mod daemon;
mod decisions;
mod determinism;
mod director;
mod documents;
mod explanations;
mod labelled;
mod policies;
mod proof;
mod records;
mod registry;
mod regressions;
mod rooms;
mod scripts;
mod stores;
mod vault;
