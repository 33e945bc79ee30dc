//! What the tests share: fleets, fakes, checks.

pub mod contract;
pub mod fleets;
pub mod scene;
