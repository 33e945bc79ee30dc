//! What was asked of a fake, counted and written down.

use std::collections::BTreeMap;

/// A request that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRequest {
    /// Its method.
    pub method: String,
    /// Path and query as they came.
    pub target: String,
    /// Its route, as in the counts.
    pub route: &'static str,
    /// Its `Authorization`, for tests that look where it went.
    pub authorization: Option<String>,
    /// Whether it named the page it came from.
    pub has_referer: bool,
}

/// What was asked of a fake so far.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Requests by route: `/deployments/:name`. The UAA's is `/oauth/token`.
    pub by_route: BTreeMap<&'static str, u64>,
    /// The most of the Director's requests in flight at one moment.
    pub most_in_flight: usize,
    /// Tasks that requests started: none of ours may.
    pub tasks_created: u64,
    /// All requests in order.
    pub seen: Vec<SeenRequest>,
    pub(super) in_flight: usize,
}

impl Counters {
    /// Requests of one route.
    #[must_use]
    pub fn of(&self, route: &str) -> u64 {
        self.by_route.get(route).copied().unwrap_or_default()
    }

    /// All requests of the Director, without those of its UAA.
    #[must_use]
    pub fn director(&self) -> u64 {
        self.by_route.values().sum::<u64>() - self.of("/oauth/token")
    }
}
