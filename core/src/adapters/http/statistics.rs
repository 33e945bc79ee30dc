//! What was asked of the other side, counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts of the requests that were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests by route, each try counted: `/deployments/:name`.
    pub by_route: BTreeMap<&'static str, u64>,
    /// How many of them were made again after a failure.
    pub retries: u64,
    /// How many ended without an answer: no connection, reset, time limit.
    pub transport_failures: u64,
    /// The most that were in flight at one moment.
    pub most_in_flight: usize,
}

impl RequestCounts {
    /// All requests together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_route.values().sum()
    }

    /// Adds the counts of another server; the most in flight is the larger.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (route, count) in &other.by_route {
            *self.by_route.entry(route).or_default() += count;
        }
        self.retries += other.retries;
        self.transport_failures += other.transport_failures;
        self.most_in_flight = self.most_in_flight.max(other.most_in_flight);
        self
    }
}

/// Counts while requests are made.
#[derive(Debug, Default)]
pub(super) struct Counting {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: RequestCounts,
    in_flight: usize,
}

impl Counting {
    /// A request begins; it ends when the guard is dropped.
    pub(super) fn begin(&self, route: &'static str, is_retry: bool) -> InFlight<'_> {
        self.with(|state| {
            *state.counts.by_route.entry(route).or_default() += 1;
            state.counts.retries += u64::from(is_retry);
            state.in_flight += 1;
            state.counts.most_in_flight = state.counts.most_in_flight.max(state.in_flight);
        });
        InFlight { counting: self }
    }

    pub(super) fn transport_failed(&self) {
        self.with(|state| state.counts.transport_failures += 1);
    }

    pub(super) fn counts(&self) -> RequestCounts {
        self.with(|state| state.counts.clone())
    }

    /// A panic elsewhere cannot leave counters half changed.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request in flight.
pub(super) struct InFlight<'a> {
    counting: &'a Counting,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.counting.with(|state| state.in_flight -= 1);
    }
}
