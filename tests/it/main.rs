//! The tests of the whole: one binary.

// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

mod documents;
mod rooms;
mod stores;
