//! A running fake Director: starting and stopping it, looking into it, making
//! it fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use reconciler_core::ports::{Clock, SystemClock};

use super::counters::Counters;
use super::fault::Injection;
use super::serve::{Inner, Server};
use super::state::DirectorState;
use crate::certificates::CertificateKind;
use crate::serving::{Port, Serving};

/// How a fake Director starts.
#[derive(Debug, Default)]
pub struct FakeDirectorSettings {
    /// Speaks TLS with a certificate of this kind; plain HTTP without.
    pub tls: Option<CertificateKind>,
    /// The port to listen on; a free one if it is 0.
    pub port: u16,
    /// How long each request takes at least.
    pub latency: Duration,
    /// Its time; the machine's if nothing is said.
    pub clock: Option<Arc<dyn Clock>>,
}

/// A Director on a loopback port. It ends when it is dropped.
#[derive(Debug)]
pub struct FakeDirector {
    server: Server,
    ca_pem: Option<String>,
    _serving: Serving,
}

impl FakeDirector {
    /// Starts one over plain HTTP on a free port.
    #[must_use]
    pub fn start(state: DirectorState) -> Self {
        Self::start_with(state, FakeDirectorSettings::default())
    }

    /// Starts one.
    ///
    /// # Panics
    /// If there is no port or no thread to be had.
    #[must_use]
    pub fn start_with(state: DirectorState, settings: FakeDirectorSettings) -> Self {
        let port = Port::take(settings.port, settings.tls);
        let server = Server {
            inner: Arc::new(Mutex::new(Inner {
                state,
                counters: Counters::default(),
                injections: Vec::new(),
                latency: settings.latency,
                clock_ahead: TimeDelta::zero(),
            })),
            clock: settings.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            origin: port.origin().to_owned(),
        };
        Self { ca_pem: port.ca_pem(), _serving: port.serve("fake-director", server.clone().router()), server }
    }

    /// Its address, as `BOSH_ENVIRONMENT` holds it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.server.origin
    }

    /// The CA to trust, as PEM, over TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Makes requests fail from now on.
    pub fn inject(&self, injection: Injection) {
        self.server.lock().injections.push(injection);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.server.lock().injections.clear();
    }

    /// Makes each request take at least that long.
    pub fn set_latency(&self, latency: Duration) {
        self.server.lock().latency = latency;
    }

    /// Sets its clock by so much ahead of the right time, or behind, in what it
    /// dates.
    pub fn set_clock_ahead(&self, ahead: TimeDelta) {
        self.server.lock().clock_ahead = ahead;
    }

    /// Looks at or changes what it holds.
    pub fn change<T>(&self, change: impl FnOnce(&mut DirectorState) -> T) -> T {
        change(&mut self.server.lock().state)
    }

    /// What was asked so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.server.lock().counters.clone()
    }

    /// Forgets what was asked so far.
    pub fn reset_counters(&self) {
        let counters = &mut self.server.lock().counters;
        *counters = Counters { in_flight: counters.in_flight, ..Counters::default() };
    }
}
