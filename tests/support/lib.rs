//! What the tests share: fleets, fakes, checks.

pub mod broker;
pub mod certificates;
pub mod contract;
pub mod director;
pub mod examples;
pub mod fleets;
pub mod line;
pub mod memory_director;
pub mod memory_state;
pub mod old_archives;
pub mod pauses;
pub mod provisioned;
pub mod real_vault;
pub mod scene;
pub mod serving;
pub mod still_director;
pub mod synthetic;
pub mod vault;
pub mod watched;
