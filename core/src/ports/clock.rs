//! The time, as a port, so that tests decide what it is.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// How far the clocks of two machines, or two programs that overlap, may be apart
/// and still tell the same time.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
