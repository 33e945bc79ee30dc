//! How many requests at once and how many a second: the other side has little
//! room and others need it too.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The limits of one server, per request and not per batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// Requests in flight at one moment.
    pub in_flight: NonZeroUsize,
    /// Requests a second; `None` lifts the limit. A quarter of it may come at
    /// once after a time of quiet.
    pub per_second: Option<NonZeroU32>,
}

impl LimitSettings {
    /// Limits from plain numbers; a zero is taken as one, and `None` lifts the
    /// limit on requests a second.
    #[must_use]
    pub fn new(in_flight: usize, per_second: Option<u32>) -> Self {
        Self {
            in_flight: NonZeroUsize::new(in_flight).unwrap_or(NonZeroUsize::MIN),
            per_second: per_second.map(|n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)),
        }
    }
}

/// Counts time from its making, by tokio's clock, so that tests may hold it.
#[derive(Debug, Clone, Copy)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Rate = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// Both limits at work.
#[derive(Debug)]
pub(super) struct Limits {
    places: Semaphore,
    rate: Option<(Rate, TokioClock)>,
}

impl Limits {
    pub(super) fn new(settings: &LimitSettings) -> Self {
        let clock = TokioClock(Instant::now());
        Self {
            places: Semaphore::new(settings.in_flight.get().min(Semaphore::MAX_PERMITS)),
            rate: settings.per_second.map(|per_second| {
                let burst = NonZeroU32::new(per_second.get() / 4).unwrap_or(NonZeroU32::MIN);
                let quota = Quota::per_second(per_second).allow_burst(burst);
                (RateLimiter::direct_with_clock(quota, clock), clock)
            }),
        }
    }

    /// Waits for a place and for the rate. The place is given back when the
    /// permit is dropped.
    pub(super) async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed; if it were, there is no limit to keep.
        let place = self.places.acquire().await.ok();
        if let Some((rate, clock)) = &self.rate {
            while let Err(too_early) = rate.check() {
                tokio::time::sleep(too_early.wait_time_from(clock.now())).await;
            }
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn eighty_requests_at_eight_a_second_take_ten_seconds() {
        let limits = Limits::new(&LimitSettings::new(4, Some(8)));
        let start = Instant::now();
        for _ in 0..80 {
            drop(limits.enter().await);
        }
        let took = start.elapsed();
        assert!((Duration::from_millis(9_700)..Duration::from_millis(10_100)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lifted_rate_takes_no_time_and_places_still_count() {
        let limits = Limits::new(&LimitSettings::new(2, None));
        let start = Instant::now();
        let (a, b) = (limits.enter().await, limits.enter().await);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(a.is_some() && b.is_some());
        assert_eq!(limits.places.available_permits(), 0);
    }
}
