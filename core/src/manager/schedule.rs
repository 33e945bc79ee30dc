//! When the next run is due.

use std::time::Duration;

/// The shortest wait before a run that failed is made again.
const BREATH: Duration = Duration::from_secs(1);

/// How often runs are made. Pure: the time and the dice are the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    interval: Duration,
    jitter: Duration,
}

impl Schedule {
    /// A run every `interval`, each up to `jitter` later, so that several
    /// reconcilers do not ask one Director at the same moment. More than a tenth
    /// of the interval is never added.
    #[must_use]
    pub fn new(interval: Duration, jitter: Duration) -> Self {
        // Runs without a pause would leave the Director no air.
        let interval = interval.max(Duration::from_millis(1));
        Self { interval, jitter: jitter.min(interval / 10) }
    }

    /// How long to wait, from the end of a run that took so long. Runs are due
    /// by when the last one started; those that are missed meanwhile are left
    /// out. `draw` chooses where in the jitter: 0 is its beginning, `u16::MAX`
    /// its end.
    #[must_use]
    pub fn wait_after(&self, took: Duration, draw: u16) -> Duration {
        let into = took.as_nanos() % self.interval.as_nanos();
        let left = self.interval - Duration::from_nanos(u64::try_from(into).unwrap_or(u64::MAX));
        left + self.jitter.mul_f64(f64::from(draw) / f64::from(u16::MAX))
    }

    /// How long to wait from the end of a run that failed, as `failures` in a
    /// row have: `delay`, doubled with each of them, and never longer than after
    /// one that did not fail.
    #[must_use]
    pub fn wait_after_failures(&self, failures: u32, delay: Duration, took: Duration, draw: u16) -> Duration {
        let factor = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        delay.max(BREATH).saturating_mul(factor).min(self.wait_after(took, draw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_run_is_due_by_when_the_last_one_started() {
        let schedule = Schedule::new(seconds(3_600), Duration::ZERO);
        assert_eq!(schedule.wait_after(seconds(0), 0), seconds(3_600));
        assert_eq!(schedule.wait_after(seconds(600), 0), seconds(3_000));
        assert_eq!(schedule.wait_after(seconds(600), u16::MAX), seconds(3_000), "there is no jitter");
    }

    #[test]
    fn what_was_missed_is_left_out() {
        let schedule = Schedule::new(seconds(100), Duration::ZERO);
        assert_eq!(schedule.wait_after(seconds(250), 0), seconds(50));
        assert_eq!(schedule.wait_after(seconds(100), 0), seconds(100));
    }

    #[test]
    fn what_failed_is_made_again_soon_and_later_each_time() {
        let schedule = Schedule::new(seconds(60), Duration::ZERO);
        let waits = |delay| {
            [1, 2, 3, 4, 99].map(|failures| {
                schedule.wait_after_failures(failures, seconds(delay), Duration::ZERO, 0).as_secs()
            })
        };
        assert_eq!(waits(10), [10, 20, 40, 60, 60], "never longer than the interval");
        assert_eq!(waits(0), [1, 2, 4, 8, 60], "the other side is given time to breathe");
        assert_eq!(waits(300), [60; 5]);
    }

    #[test]
    fn jitter_only_delays_and_never_by_more_than_a_tenth() {
        let schedule = Schedule::new(seconds(3_600), seconds(60));
        assert_eq!(schedule.wait_after(seconds(0), 0), seconds(3_600));
        assert_eq!(schedule.wait_after(seconds(0), u16::MAX), seconds(3_660));
        let half = schedule.wait_after(seconds(0), u16::MAX / 2);
        assert!(half > seconds(3_629) && half < seconds(3_631), "{half:?}");
        let tight = Schedule::new(seconds(10), seconds(60));
        assert_eq!(tight.wait_after(seconds(0), u16::MAX), seconds(11));
    }
}
