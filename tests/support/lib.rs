//! What the tests share: fleets, fakes, checks.

pub mod vault;
