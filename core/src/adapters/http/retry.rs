//! How often and how soon a request is made again.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};

/// The settings of retries, per request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetrySettings {
    /// How often a request is made at most, the first time included.
    pub tries: usize,
    /// How long to wait after the first failure; it doubles each time.
    pub first_delay: Duration,
    /// What the delay does not grow beyond.
    pub longest_delay: Duration,
    /// Adds up to the delay itself at random, so that many clients that failed
    /// together do not come back together.
    pub jitter: bool,
    /// What a `Retry-After` is obeyed up to; a longer one is cut to this.
    pub longest_retry_after: Duration,
}

impl Default for RetrySettings {
    fn default() -> Self {
        Self {
            tries: 4,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(10),
            jitter: true,
            longest_retry_after: Duration::from_secs(60),
        }
    }
}

impl RetrySettings {
    /// No second try.
    #[must_use]
    pub fn none() -> Self {
        Self { tries: 1, ..Self::default() }
    }

    /// The delays between the tries of one request: one less than tries.
    pub fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let mut builder = ExponentialBuilder::new()
            .with_min_delay(self.first_delay)
            .with_max_delay(self.longest_delay)
            .with_factor(2.0)
            .with_max_times(self.tries.saturating_sub(1));
        if self.jitter {
            builder = builder.with_jitter();
        }
        builder.build()
    }
}

/// Waits between two tries. Tests wait without waiting.
#[async_trait]
pub trait Pause: fmt::Debug + Send + Sync {
    /// Waits for that long.
    async fn pause(&self, delay: Duration);
}

/// Waits by tokio's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioPause;

#[async_trait]
impl Pause for TokioPause {
    async fn pause(&self, delay: Duration) {
        tokio::time::sleep(delay).await;
    }
}
