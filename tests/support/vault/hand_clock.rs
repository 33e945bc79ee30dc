//! A clock that stands still until a test moves it.

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reconciler_core::ports::Clock;

/// A clock moved by hand.
#[derive(Debug)]
pub struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    /// A clock that shows a time.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(Mutex::new(time))
    }

    /// Moves it forward.
    ///
    /// # Panics
    /// If the time does not fit the calendar.
    pub fn advance(&self, by: Duration) {
        let by = TimeDelta::from_std(by).expect("tests move the clock by less than an age");
        *self.0.lock().expect("no holder panics") += by;
    }

    /// Sets it back.
    ///
    /// # Panics
    /// If the time does not fit the calendar.
    pub fn turn_back(&self, by: Duration) {
        let by = TimeDelta::from_std(by).expect("tests move the clock by less than an age");
        *self.0.lock().expect("no holder panics") -= by;
    }
}

impl Default for HandClock {
    /// Shows the first second of 2026.
    fn default() -> Self {
        Self::at(DateTime::from_timestamp(1_767_225_600, 0).expect("a valid timestamp"))
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no holder panics")
    }
}
