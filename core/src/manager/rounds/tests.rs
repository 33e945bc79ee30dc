//! The rounds on paused time: what begins a run, what ends one, and that no two
//! overlap.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};

use super::*;
use crate::manager::{Asked, NoRun};

const HOUR: Duration = Duration::from_secs(3_600);

/// Tells the time of Tokio, which the tests hold in their hands.
#[derive(Debug)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> DateTime<Utc> {
        let since = chrono::Duration::from_std(self.0.elapsed()).unwrap();
        DateTime::from_timestamp(1_767_225_600, 0).unwrap() + since
    }
}

/// What a run of the test does.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Fails, after so many seconds or when it is asked to end.
    Fails(u64),
    /// Panics, with a value in its message.
    Panics,
    /// Ends only by force.
    Hangs,
    /// Ends as soon as force is used.
    Yields,
}

struct Scene {
    does: Vec<Does>,
    schedule: Mutex<Option<Schedule>>,
    retry_delay: Duration,
    time_limit: Option<Duration>,
    made: AtomicUsize,
    at_once: AtomicUsize,
    over: Mutex<Vec<RunRecord>>,
    start: Instant,
}

impl Scene {
    fn new(does: &[Does]) -> Self {
        Self {
            does: does.to_vec(),
            schedule: Mutex::new(Some(Schedule::new(HOUR, Duration::ZERO))),
            retry_delay: HOUR,
            time_limit: None,
            made: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            over: Mutex::default(),
            start: Instant::now(),
        }
    }

    fn rounds(&self) -> Rounds {
        Rounds {
            requests: Requests::default(),
            ledger: Arc::default(),
            clock: Arc::new(PausedClock(self.start)),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
        }
    }

    /// The runs so far: what began each, how it ended, and the second it began.
    fn told(&self) -> Vec<(&'static str, &'static str, i64)> {
        let over = self.over.lock().unwrap();
        let begun = |record: &RunRecord| record.started_at.timestamp() - 1_767_225_600;
        over.iter().map(|record| (record.trigger, record.outcome, begun(record))).collect()
    }
}

impl Round for Scene {
    fn terms(&self) -> Terms {
        let schedule = *self.schedule.lock().unwrap();
        let Self { retry_delay, time_limit, .. } = *self;
        Terms { schedule, retry_delay, time_limit, grace: Duration::from_secs(30) }
    }

    async fn run(&self, order: Order) -> Result<RunReport, RoundFailure> {
        assert_eq!(self.at_once.fetch_add(1, Ordering::SeqCst), 0, "two runs at once");
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let does = self.does.get(number).copied().unwrap_or(Does::Fails(0));
        let outcome = match does {
            Does::Fails(seconds) => tokio::select! {
                () = order.stop.cancelled() => "interrupted",
                () = sleep(Duration::from_secs(seconds)) => "failed",
            },
            Does::Panics => {
                self.at_once.store(0, Ordering::SeqCst);
                panic!("could not read: {}", std::hint::black_box("hunter2"));
            }
            Does::Yields => {
                order.abort.cancelled().await;
                "interrupted"
            }
            Does::Hangs => {
                let _in_hand = CountDown(&self.at_once);
                std::future::pending().await
            }
        };
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        Err(RoundFailure { outcome, message: "no Director".to_owned() })
    }

    fn over(&self, record: &RunRecord, _report: Option<RunReport>) {
        self.over.lock().unwrap().push(record.clone());
    }
}

struct CountDown<'a>(&'a AtomicUsize);

impl Drop for CountDown<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Makes rounds while `act` goes on, then stops them.
async fn rounds_while(scene: &Scene, rounds: &Rounds, act: impl Future<Output = ()>) -> Ended {
    let (ended, ()) = tokio::join!(rounds.run(scene, || 0), async {
        act.await;
        rounds.stop.cancel();
    });
    ended
}

async fn seconds(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_run_is_made_at_once_and_the_next_ones_by_the_schedule() {
    let scene = Scene::new(&[Does::Fails(600), Does::Fails(1)]);
    let ended = rounds_while(&scene, &scene.rounds(), seconds(7_300)).await;
    assert_eq!(ended, Ended::Stopped);
    let failed = |second| ("schedule", "failed", second);
    assert_eq!(scene.told(), [failed(0), failed(3_600), failed(7_200)]);
}

#[tokio::test(start_paused = true)]
async fn runs_that_fail_are_made_again_soon_and_later_each_time() {
    let mut scene = Scene::new(&[]);
    scene.retry_delay = Duration::from_secs(10);
    rounds_while(&scene, &scene.rounds(), seconds(9_000)).await;
    let begun: Vec<i64> = scene.told().into_iter().map(|(.., begun)| begun).collect();
    assert_eq!(begun, [0, 10, 30, 70, 150, 310, 630, 1_270, 2_550, 5_110, 8_710], "in the end by the hour");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_stopped_by_its_time_limit_waits_for_its_turn() {
    let mut scene = Scene::new(&[Does::Fails(600), Does::Fails(0)]);
    scene.retry_delay = Duration::from_secs(10);
    scene.time_limit = Some(Duration::from_secs(60));
    rounds_while(&scene, &scene.rounds(), seconds(3_605)).await;
    assert_eq!(scene.told(), [("schedule", "interrupted", 0), ("schedule", "failed", 3_600)]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_nothing_runs_gets_a_run_now() {
    let scene = Scene::new(&[]);
    let rounds = scene.rounds();
    let requests = rounds.requests.clone();
    let now = rounds.clock.now();
    rounds_while(&scene, &rounds, async {
        seconds(100).await;
        let asked = requests.ask(now).unwrap();
        seconds(1).await;
        assert_eq!(scene.over.lock().unwrap().last().unwrap().run_id, asked.run_id);
        seconds(3_650).await;
    })
    .await;
    // The schedule goes on from the run that was asked for.
    assert_eq!(
        scene.told(),
        [("schedule", "failed", 0), ("forced", "failed", 100), ("schedule", "failed", 3_700)]
    );
}

#[tokio::test(start_paused = true)]
async fn all_who_ask_during_a_run_get_the_one_after_it() {
    let scene = Scene::new(&[Does::Fails(60)]);
    let rounds = scene.rounds();
    let requests = rounds.requests.clone();
    let now = rounds.clock.now();
    rounds_while(&scene, &rounds, async {
        seconds(1).await;
        let first = requests.ask(now).unwrap();
        assert!(!first.joined);
        for _ in 0..9 {
            assert_eq!(requests.ask(now).unwrap(), Asked { run_id: first.run_id.clone(), joined: true });
        }
        seconds(100).await;
        assert_eq!(rounds.ledger.runs()[0].run_id, first.run_id);
    })
    .await;
    assert_eq!(scene.told(), [("schedule", "failed", 0), ("forced", "failed", 60)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_panics_is_a_failed_run_and_tells_no_value() {
    let scene = Scene::new(&[Does::Panics]);
    let rounds = scene.rounds();
    rounds_while(&scene, &rounds, seconds(3_601)).await;
    assert_eq!(scene.told(), [("schedule", "panicked", 0), ("schedule", "failed", 3_600)]);
    let errors = scene.over.lock().unwrap()[0].errors.clone();
    assert_eq!(errors, ["the run panicked: could not read"]);
    assert_eq!(rounds.ledger.metrics().failed_runs, 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_over_its_time_is_stopped_and_then_ended_by_force() {
    let mut scene = Scene::new(&[Does::Fails(9_999), Does::Hangs]);
    scene.time_limit = Some(Duration::from_secs(120));
    let ended = rounds_while(&scene, &scene.rounds(), seconds(7_300)).await;
    assert_eq!(ended, Ended::Stopped, "the rounds go on");
    let told =
        [("schedule", "interrupted", 0), ("schedule", "aborted", 3_600), ("schedule", "failed", 7_200)];
    assert_eq!(scene.told(), told);
    assert_eq!(scene.over.lock().unwrap()[0].duration, Duration::from_secs(120));
    assert_eq!(scene.over.lock().unwrap()[1].duration, Duration::from_secs(151));
    for record in &scene.over.lock().unwrap()[..2] {
        assert!(record.errors[0].contains("time limit of 120 s"), "{record:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_run_finish_within_its_grace() {
    for (does, ended, outcome, took) in
        [(Does::Fails(9_999), Ended::Stopped, "interrupted", 0), (Does::Hangs, Ended::Aborted, "aborted", 31)]
    {
        let scene = Scene::new(&[does]);
        assert_eq!(rounds_while(&scene, &scene.rounds(), seconds(10)).await, ended);
        assert_eq!(scene.told(), [("schedule", outcome, 0)]);
        assert_eq!(scene.over.lock().unwrap()[0].duration, Duration::from_secs(10 + took));
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_does_not_wait() {
    let scene = Scene::new(&[Does::Hangs]);
    let rounds = scene.rounds();
    let (stop, abort) = (rounds.stop.clone(), rounds.abort.clone());
    let ended = rounds_while(&scene, &rounds, async {
        seconds(5).await;
        stop.cancel();
        seconds(2).await;
        abort.cancel();
    })
    .await;
    assert_eq!(ended, Ended::Aborted);
    assert_eq!(scene.over.lock().unwrap()[0].duration, Duration::from_secs(8));
    assert_eq!(rounds.requests.ask(rounds.clock.now()), Err(NoRun::Stopping));
}

#[tokio::test(start_paused = true)]
async fn where_runs_are_switched_off_none_is_made_until_they_are_on() {
    let scene = Scene::new(&[]);
    *scene.schedule.lock().unwrap() = None;
    let rounds = scene.rounds();
    rounds_while(&scene, &rounds, async {
        seconds(9_000).await;
        assert_eq!(rounds.requests.ask(rounds.clock.now()), Err(NoRun::Disabled));
        *scene.schedule.lock().unwrap() = Some(Schedule::new(HOUR, Duration::ZERO));
        rounds.requests.reconsider();
        seconds(1).await;
    })
    .await;
    assert_eq!(scene.told(), [("schedule", "failed", 9_000)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_settles_after_force_was_used_was_ended_by_force_all_the_same() {
    for second_signal in [true, false] {
        let scene = Scene::new(&[Does::Yields]);
        let rounds = scene.rounds();
        let abort = rounds.abort.clone();
        let stop = rounds.stop.clone();
        let ended = rounds_while(&scene, &rounds, async {
            seconds(5).await;
            stop.cancel();
            if second_signal {
                seconds(2).await;
                abort.cancel();
            }
        })
        .await;
        assert_eq!(ended, Ended::Aborted);
        assert_eq!(scene.told(), [("schedule", "interrupted", 0)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_on_after_the_second_signal_says_so() {
    let scene = Scene::new(&[Does::Hangs]);
    let rounds = scene.rounds();
    let (stop, abort) = (rounds.stop.clone(), rounds.abort.clone());
    rounds_while(&scene, &rounds, async {
        seconds(5).await;
        stop.cancel();
        seconds(2).await;
        abort.cancel();
    })
    .await;
    assert_eq!(scene.over.lock().unwrap()[0].errors, [BY_SIGNAL]);
}

#[tokio::test(start_paused = true)]
async fn a_run_over_its_time_limit_says_that_and_the_next_one_is_made() {
    let mut scene = Scene::new(&[Does::Fails(600)]);
    scene.time_limit = Some(Duration::from_secs(60));
    let rounds = scene.rounds();
    let ended = rounds_while(&scene, &rounds, seconds(3_700)).await;
    assert_eq!(ended, Ended::Stopped);
    assert_eq!(scene.told(), [("schedule", "interrupted", 0), ("schedule", "failed", 3_600)]);
    let reason = scene.over.lock().unwrap()[0].errors[0].clone();
    assert!(reason.starts_with("stopped at its time limit of 60 s"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_a_run_is_stopped_is_told_so() {
    let scene = Scene::new(&[Does::Hangs]);
    let rounds = scene.rounds();
    let (requests, now) = (rounds.requests.clone(), rounds.clock.now());
    let stop = rounds.stop.clone();
    rounds_while(&scene, &rounds, async {
        seconds(5).await;
        requests.close();
        stop.cancel();
        seconds(1).await;
        assert_eq!(requests.ask(now), Err(NoRun::Stopping));
    })
    .await;
}
