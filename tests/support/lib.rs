//! What the tests share: fleets, fakes, checks.

pub mod broker;
pub mod certificates;
pub mod director;
pub mod line;
pub mod pauses;
pub mod serving;
