//! How long the phases of a run take.

use std::time::Duration;

use tokio::time::Instant;

use super::progress::Phase;
use crate::ports::PhaseTime;

/// Measures one phase after the other.
#[derive(Debug, Clone)]
pub(super) struct Laps {
    since: Instant,
    taken: Vec<(Phase, Duration)>,
}

impl Laps {
    pub(super) fn begin() -> Self {
        Self { since: Instant::now(), taken: Vec::new() }
    }

    /// A phase is over, and the next one begins.
    pub(super) fn over(&mut self, phase: Phase) {
        let now = Instant::now();
        self.taken.push((phase, now - self.since));
        self.since = now;
    }

    pub(super) fn taken(self) -> Vec<(Phase, Duration)> {
        self.taken
    }
}

/// The phases as the journal keeps them.
pub(super) fn phase_times(phases: &[(Phase, Duration)]) -> Vec<PhaseTime> {
    let milliseconds = |took: &Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let times = phases.iter();
    times
        .map(|(phase, took)| PhaseTime { phase: phase.to_string(), milliseconds: milliseconds(took) })
        .collect()
}
