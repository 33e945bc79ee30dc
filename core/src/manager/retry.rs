//! Deployments that failed are tried again within the run.

use std::time::Duration;

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(60);

/// How often deployments that failed are tried again, and after how long.
/// Requests have tries of their own, below this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often; 0 leaves them to the next run.
    pub attempts: u32,
    /// The time before the first of them; it doubles each time, up to a minute.
    pub delay: Duration,
}

impl RetryPolicy {
    /// The waits, one for each further try.
    pub fn delays(self) -> impl ExactSizeIterator<Item = Duration> {
        let delay = move |attempt: u32| {
            let factor = 2_u32.checked_pow(attempt).unwrap_or(u32::MAX);
            self.delay.saturating_mul(factor).min(LONGEST.max(self.delay))
        };
        (0..self.attempts).map(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let waits = |attempts, delay| -> Vec<u64> {
            let policy = RetryPolicy { attempts, delay: Duration::from_secs(delay) };
            policy.delays().map(|wait| wait.as_secs()).collect()
        };
        assert_eq!(waits(3, 10), [10, 20, 40]);
        assert_eq!(waits(5, 10), [10, 20, 40, 60, 60]);
        assert_eq!(waits(2, 90), [90, 90], "what is configured is never shortened");
        assert_eq!(waits(0, 10), [0; 0]);
        assert_eq!(waits(40, 1).last(), Some(&60));
    }
}
