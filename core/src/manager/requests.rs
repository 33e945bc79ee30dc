//! Who asks for a run now, and what it is answered.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::trigger::run_id;

/// A run that will be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What it will be called.
    pub run_id: String,
    /// Whether somebody had asked for it already.
    pub joined: bool,
}

/// Why no run can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRun {
    /// The program is about to end.
    #[error("the reconciler is stopping")]
    Stopping,
    /// The configuration switches runs off.
    #[error("runs are switched off: `enabled` is false")]
    Disabled,
}

/// Asks for runs. Several that ask before the run begins ask for the same one.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    refused: Option<NoRun>,
    asked: Option<String>,
    due: Option<Instant>,
    /// When the latest id was given, so that no two are the same.
    latest: Option<DateTime<Utc>>,
}

impl Requests {
    /// Asks for a run: it begins now, or as soon as the one under way is over.
    ///
    /// # Errors
    /// If none will be made.
    pub fn ask(&self, now: DateTime<Utc>) -> Result<Asked, NoRun> {
        let asked = self.with(|state| {
            if let Some(refused) = state.refused {
                return Err(refused);
            }
            if let Some(run_id) = &state.asked {
                return Ok(Asked { run_id: run_id.clone(), joined: true });
            }
            let run_id = state.next_id(now);
            state.asked = Some(run_id.clone());
            Ok(Asked { run_id, joined: false })
        });
        self.0.wake.notify_one();
        asked
    }

    /// Has the terms looked at again: they changed.
    pub fn reconsider(&self) {
        self.0.wake.notify_one();
    }

    /// When the next run is due by the schedule.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.with(|state| state.due)
    }

    /// Whether a run of this id was asked for and has not begun.
    #[must_use]
    pub fn is_waiting(&self, run_id: &str) -> bool {
        self.with(|state| state.asked.as_deref() == Some(run_id))
    }

    /// Says whether runs are made, and when the next one is due. The rounds say
    /// it before each run; whoever lets others ask before the rounds begin says
    /// it first.
    pub fn open(&self, is_enabled: bool, due: Option<Instant>) {
        self.with(|state| {
            state.refused = (!is_enabled).then_some(NoRun::Disabled);
            state.due = due;
            if !is_enabled {
                state.asked = None;
            }
        });
    }

    /// No further run is made: the program is about to end.
    pub fn close(&self) {
        self.with(|state| {
            state.refused = Some(NoRun::Stopping);
            state.asked = None;
            state.due = None;
        });
    }

    pub(super) fn take(&self) -> Option<String> {
        self.with(|state| state.asked.take())
    }

    pub(super) fn next_id(&self, now: DateTime<Utc>) -> String {
        self.with(|state| state.next_id(now))
    }

    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// A panic elsewhere cannot leave it half changed.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn next_id(&mut self, now: DateTime<Utc>) -> String {
        let at = match self.latest {
            Some(latest) => now.max(latest + Duration::milliseconds(1)),
            None => now,
        };
        self.latest = Some(at);
        run_id(at)
    }
}
