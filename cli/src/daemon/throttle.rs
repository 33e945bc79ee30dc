//! Lets one of many through each second, and counts the others.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How far two that pass are apart.
const APART: Duration = Duration::from_secs(1);

/// Keeps a log readable while somebody tries a thousand tokens.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    held: u64,
}

impl Throttle {
    /// Whether one may pass now; if so, how many were held since the last one.
    pub(crate) fn pass(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now < last + APART) {
            state.held += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_passes_each_second_and_tells_of_the_others() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |milliseconds| throttle.pass(start + Duration::from_millis(milliseconds));
        let passed = [0, 1, 500, 999, 1_000, 1_001, 3_000, 9_000].map(at);
        assert_eq!(passed, [Some(0), None, None, None, Some(3), None, Some(1), Some(0)]);
    }
}
