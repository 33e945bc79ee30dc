//! One run after the other: by a schedule, or because somebody asks.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::report::RunReport;
use super::requests::Requests;
use super::schedule::Schedule;
use super::status::{Begun, Ledger, RunRecord};
use super::trigger::Trigger;
use crate::ports::Clock;

/// What is given to requests in hand when a run is ended by force.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Why a run was ended at once.
const BY_SIGNAL: &str = "ended by force: a second signal";
const OVER_GRACE: &str = "ended by force: it did not finish within the grace period";

/// A run to make.
#[derive(Debug)]
#[non_exhaustive]
pub struct Order {
    /// What the run is called.
    pub run_id: String,
    /// What began it.
    pub trigger: Trigger,
    /// Asks it to end as soon as the instances in hand are finished.
    pub stop: CancellationToken,
    /// Asks it to make no further request.
    pub abort: CancellationToken,
}

/// Why a run came to no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundFailure {
    /// In one word: `failed`, `refused`, `interrupted`.
    pub outcome: &'static str,
    /// What went wrong, and what to do.
    pub message: String,
}

/// How runs are made now; it is asked again after each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// When runs are due; nothing if none are to be made.
    pub schedule: Option<Schedule>,
    /// After how long a run that failed is made again, if the schedule has none
    /// before; it doubles as long as runs fail.
    pub retry_delay: Duration,
    /// How long a run may take.
    pub time_limit: Option<Duration>,
    /// How long a run that was asked to end may take to do so.
    pub grace: Duration,
}

/// Makes a run.
pub trait Round {
    /// How runs are made now.
    fn terms(&self) -> Terms;

    /// Makes one.
    fn run(&self, order: Order) -> impl Future<Output = Result<RunReport, RoundFailure>>;

    /// Is told what became of it, also if it panicked or was ended by force.
    fn over(&self, record: &RunRecord, report: Option<RunReport>);
}

/// How the rounds came to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Whatever was in hand was finished.
    Stopped,
    /// A run was ended by force.
    Aborted,
}

/// Makes one run at a time until it is stopped. A run that fails or panics ends
/// nothing but itself.
#[derive(Debug)]
pub struct Rounds {
    /// Who asks for runs.
    pub requests: Requests,
    /// Where account is kept.
    pub ledger: Arc<Ledger>,
    /// Tells the time of day.
    pub clock: Arc<dyn Clock>,
    /// No further run; the one under way ends soon.
    pub stop: CancellationToken,
    /// The one under way ends at once.
    pub abort: CancellationToken,
}

/// The run before the next one.
struct Last {
    over: Instant,
    took: Duration,
    /// How many runs in a row had failed by then.
    failures: u32,
    draw: u16,
}

impl Last {
    fn wait(&self, schedule: Schedule, retry_delay: Duration) -> Duration {
        let Self { took, failures, draw, .. } = *self;
        match failures {
            0 => schedule.wait_after(took, draw),
            _ => schedule.wait_after_failures(failures, retry_delay, took, draw),
        }
    }
}

/// What a run came to.
enum Outcome {
    Report(Box<RunReport>),
    Failure(RoundFailure),
    Aborted(String),
}

impl Outcome {
    /// The same; of a run that was stopped because it was over its time, with
    /// that as the reason.
    fn told_of(self, late: Option<Duration>) -> Self {
        let Some(limit) = late.map(|limit| limit.as_secs_f64()) else { return self };
        match self {
            Self::Failure(RoundFailure { outcome: outcome @ "interrupted", .. }) => {
                let message = format!(
                    "stopped at its time limit of {limit} s; nothing is left half written, the next run goes \
                     on from there; raise `run_timeout` if it has to take longer"
                );
                Self::Failure(RoundFailure { outcome, message })
            }
            Self::Report(mut report) => {
                report
                    .stopped_because(&format!("at its time limit of {limit} s, which `run_timeout` raises"));
                Self::Report(report)
            }
            Self::Aborted(why) => Self::Aborted(format!(
                "{why}, after its time limit of {limit} s; raise `run_timeout` if it has to take longer"
            )),
            outcome @ Self::Failure(_) => outcome,
        }
    }
}

impl Rounds {
    /// Makes the first run at once, and goes on until it is stopped. `draw`
    /// throws the dice for the jitter.
    pub async fn run(&self, round: &impl Round, mut draw: impl FnMut() -> u16) -> Ended {
        let mut last: Option<Last> = None;
        let ended = loop {
            let terms = round.terms();
            let due = terms.schedule.map(|schedule| {
                let wait = |last: &Last| last.over + last.wait(schedule, terms.retry_delay);
                last.as_ref().map_or_else(Instant::now, wait)
            });
            // Looked at first: who asks while all ends must not be let in again.
            if self.stop.is_cancelled() {
                break Ended::Stopped;
            }
            self.requests.open(terms.schedule.is_some(), due);
            let (run_id, trigger) = if let Some(run_id) = self.requests.take() {
                (run_id, Trigger::Forced)
            } else if due.is_some_and(|due| due <= Instant::now()) {
                (self.requests.next_id(self.clock.now()), Trigger::Schedule)
            } else {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => {}
                    () = self.requests.woken() => {}
                    () = until(due) => {}
                }
                continue;
            };
            let start = Instant::now();
            let (outcome, is_forced) = self.one(round, terms, run_id, trigger).await;
            // What was refused needs a person, and what was interrupted its time.
            let failures = match outcome {
                "failed" => last.map_or(0, |last| last.failures) + 1,
                _ => 0,
            };
            last = Some(Last { over: Instant::now(), took: start.elapsed(), failures, draw: draw() });
            if is_forced && (self.stop.is_cancelled() || self.abort.is_cancelled()) {
                break Ended::Aborted;
            }
        };
        self.requests.close();
        ended
    }

    /// One run from its beginning to its account. Says how it ended, and whether
    /// by force.
    async fn one(
        &self,
        round: &impl Round,
        terms: Terms,
        run_id: String,
        trigger: Trigger,
    ) -> (&'static str, bool) {
        let begun = Begun { run_id, trigger, started_at: self.clock.now() };
        self.ledger.begin(begun.clone());
        let start = Instant::now();
        let (outcome, is_forced) = self.within_limits(round, terms, &begun).await;
        let (finished_at, took) = (self.clock.now(), start.elapsed());
        let failed = |outcome, message| RunRecord::failed(outcome, message, &begun, finished_at, took);
        let (record, report) = match outcome {
            Outcome::Report(report) => (RunRecord::of(&report, &begun, finished_at, took), Some(report)),
            Outcome::Failure(RoundFailure { outcome, message }) => (failed(outcome, message), None),
            Outcome::Aborted(why) => (failed("aborted", why), None),
        };
        self.ledger.end(record.clone());
        round.over(&record, report.map(|report| *report));
        (record.outcome, is_forced)
    }

    /// What a run came to, and whether force was used, whatever it came to.
    async fn within_limits(&self, round: &impl Round, terms: Terms, begun: &Begun) -> (Outcome, bool) {
        // Not a child of `self.stop`: a run that is over its time is stopped alone.
        let (stop, abort) = (self.stop.child_token(), self.abort.child_token());
        let order = Order {
            run_id: begun.run_id.clone(),
            trigger: begun.trigger,
            stop: stop.clone(),
            abort: abort.clone(),
        };
        let work = AssertUnwindSafe(round.run(order)).catch_unwind();
        let mut work = std::pin::pin!(work);
        let limit = terms.time_limit.map(|limit| Instant::now() + limit);
        let mut late = None;
        let mut why = tokio::select! {
            biased;
            done = &mut work => return (settled(done), self.abort.is_cancelled()),
            () = self.abort.cancelled() => BY_SIGNAL,
            () = self.stop.cancelled() => OVER_GRACE,
            () = until(limit) => {
                tracing::warn!(run_id = begun.run_id, "the run is over its time limit, and is stopped");
                stop.cancel();
                late = terms.time_limit;
                OVER_GRACE
            }
        };
        tokio::select! {
            biased;
            done = &mut work => return (settled(done).told_of(late), self.abort.is_cancelled()),
            () = self.abort.cancelled() => why = BY_SIGNAL,
            () = sleep(terms.grace) => {}
        }
        abort.cancel();
        stop.cancel();
        // What was sent already is given a moment to be answered.
        tokio::select! {
            biased;
            done = &mut work => (settled(done).told_of(late), true),
            () = sleep(LAST_MOMENT) => (Outcome::Aborted(why.to_owned()).told_of(late), true),
        }
    }
}

/// Waits for an instant, for ever if there is none.
async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn settled(done: Result<Result<RunReport, RoundFailure>, Box<dyn Any + Send>>) -> Outcome {
    match done {
        Ok(Ok(report)) => Outcome::Report(Box::new(report)),
        Ok(Err(failure)) => Outcome::Failure(failure),
        Err(panic) => {
            let message = format!("the run panicked: {}", panic_text(panic.as_ref()));
            Outcome::Failure(RoundFailure { outcome: "panicked", message })
        }
    }
}

/// What may be told of a panic. A message that was put together may hold values
/// behind its first colon; one that stands in the code holds none.
fn panic_text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    let text = payload.downcast_ref::<String>().map_or("without a message", String::as_str);
    text.split([':', '\n']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
