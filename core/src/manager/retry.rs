//! Deployments that failed are tried again within the run.

use std::time::Duration;

/// How often deployments that failed are tried again, and after how long.
/// Requests have tries of their own, below this.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often; 0 leaves them to the next run.
    pub attempts: u32,
    /// The time before the first of them; it doubles each time.
    pub delay: Duration,
    /// The longest time between two of them; what `delay` says is never
    /// shortened by it.
    pub max_delay: Duration,
}

impl RetryPolicy {
    /// The waits, one for each further try.
    pub fn delays(self) -> impl ExactSizeIterator<Item = Duration> {
        let delay = move |attempt: u32| {
            let factor = 2_u32.checked_pow(attempt).unwrap_or(u32::MAX);
            self.delay.saturating_mul(factor).min(self.max_delay.max(self.delay))
        };
        (0..self.attempts).map(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest() {
        let waits = |attempts, delay| -> Vec<u64> {
            let [delay, max_delay] = [delay, 60].map(Duration::from_secs);
            let policy = RetryPolicy { attempts, delay, max_delay };
            policy.delays().map(|wait| wait.as_secs()).collect()
        };
        assert_eq!(waits(3, 10), [10, 20, 40]);
        assert_eq!(waits(5, 10), [10, 20, 40, 60, 60]);
        assert_eq!(waits(2, 90), [90, 90], "what is configured is never shortened");
        assert_eq!(waits(0, 10), [0; 0]);
        assert_eq!(waits(40, 1).last(), Some(&60));
    }
}
