//! Requests of other servers: how many, how they ended, how long they took.

use crate::wiring::Observation;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// One kind of request and its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    peer: &'static str,
    method: &'static str,
    route: &'static str,
    /// The status of the answer, or `none`.
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    peer: &'static str,
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PeerLabels {
    peer: &'static str,
}

/// From a cached answer to the longest that is waited for by default.
const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

pub(super) struct RequestFamilies {
    requests: Family<RequestLabels, Counter>,
    retries: Family<PeerLabels, Counter>,
    duration: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

impl RequestFamilies {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Family::default();
        registry.register(
            "requests",
            "Requests by whom they asked, method, route and status; `none` where no answer came",
            requests.clone(),
        );
        let retries = Family::default();
        registry.register(
            "request_retries",
            "Requests that were made again after a failure",
            retries.clone(),
        );
        let duration = Family::<RouteLabels, Histogram, fn() -> Histogram>::new_with_constructor(|| {
            Histogram::new(SECONDS)
        });
        registry.register(
            "request_duration_seconds",
            "How long requests took, the wait for their place not counted",
            duration.clone(),
        );
        Self { requests, retries, duration }
    }

    pub(super) fn record(&self, observation: &Observation) {
        let Observation { peer, method, route, status, .. } = *observation;
        let status = match status {
            Some(status @ 100..=599) => status.to_string(),
            Some(_) => "other".to_owned(),
            None => "none".to_owned(),
        };
        self.requests.get_or_create(&RequestLabels { peer, method, route, status }).inc();
        if observation.is_retry {
            self.retries.get_or_create(&PeerLabels { peer }).inc();
        }
        let duration = self.duration.get_or_create(&RouteLabels { peer, route });
        duration.observe(observation.took.as_secs_f64());
    }
}
