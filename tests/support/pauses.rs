//! Waiting between two tries without waiting.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reconciler_core::adapters::http::Pause;

/// Writes down how long it was asked to wait, and does not.
#[derive(Debug, Default)]
pub struct RecordedPauses(Mutex<Vec<Duration>>);

impl RecordedPauses {
    /// What it was asked to wait so far.
    #[must_use]
    pub fn recorded(&self) -> Vec<Duration> {
        let pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.clone()
    }
}

#[async_trait]
impl Pause for RecordedPauses {
    async fn pause(&self, delay: Duration) {
        let mut pauses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pauses.push(delay);
    }
}
