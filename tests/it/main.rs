//! The tests of the whole: one binary.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

mod documents;
mod rooms;
mod stores;
mod vault;
