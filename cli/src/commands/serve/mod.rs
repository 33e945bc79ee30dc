//! `serve`: runs by a schedule, and answers over HTTP, until it is stopped.

mod args;
mod reload;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::{CancellationToken, Ended, Rounds};
use reconciler_core::ports::SystemClock;

use super::strategies;
use crate::args::GlobalArgs;
use crate::daemon::{
    Asked, Board, DaemonRound, Guard, Listening, ServiceManager, Setup, Signals, app, watch_scripts,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::JournalPlace;
use crate::{telemetry, wiring};

pub(crate) use self::args::ServeArgs;

/// What is given to answers under way when the program ends.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// What it takes to end beside the grace of a run, with room to spare.
const TO_END: Duration = Duration::from_secs(10);

/// Reads the configuration from all its layers, as often as it is asked to.
type Load<'a> = &'a dyn Fn(&mut Output) -> Result<Settings, Failure>;

pub(crate) fn run(global: &GlobalArgs, args: &ServeArgs, output: &mut Output) -> Result<Exit, Failure> {
    let load = |output: &mut Output| wiring::settings(global, &[&args.daemon, &args.input], output);
    let settings = load(output)?;
    telemetry::start_service(&settings, global.debug);
    // The runs have this thread, and what is served the others: neither waits
    // for the other.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(serve(settings, &load));
    runtime.shutdown_timeout(LAST_MOMENT);
    Ok(match ended? {
        Ended::Stopped => Exit::Success,
        Ended::Aborted => Exit::Interrupted,
    })
}

async fn serve(settings: Settings, load: Load<'_>) -> Result<Ended, Failure> {
    // Listening begins before the work: no signal finds nobody.
    let mut signals = Signals::new()?;
    let manager = Arc::new(ServiceManager::from_environment());
    wiring::checked(&settings)?;
    let rules = wiring::http_rules(&settings, None)?;
    let token = rules.token.clone();
    let listening = Listening::bind(rules).await?;
    let bound = listening.bound();
    let guard = Guard::of(&settings, token.as_deref(), bound.address);
    let setup = Arc::new(Setup::new(settings.clone())?);
    let chain = strategies::views(setup.engine()?.chain().entries());
    let board = Arc::new(Board::new(settings, guard, chain));
    board.requests.open(setup.settings().boolean(keys::ENABLED), None);
    let (stop, abort) = (CancellationToken::new(), CancellationToken::new());
    let closing = CancellationToken::new();
    let server = tokio::spawn(listening.serve(app(Arc::clone(&board)), closing.clone()));
    let is_enabled = setup.settings().boolean(keys::ENABLED);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        enabled = is_enabled,
        "ready, and answering at {}",
        bound.origin()
    );
    if !is_enabled {
        tracing::warn!("runs are switched off: `enabled` is false; set it to true and send SIGHUP");
    }
    manager.ready(if is_enabled { "the first run is about to begin" } else { "runs are switched off" });

    let rounds = Rounds {
        requests: board.requests.clone(),
        ledger: Arc::clone(&board.ledger),
        clock: Arc::new(SystemClock),
        stop: stop.clone(),
        abort: abort.clone(),
    };
    let round =
        DaemonRound { setup: Arc::clone(&setup), board: Arc::clone(&board), manager: Arc::clone(&manager) };
    let obeying = async {
        loop {
            match signals.next().await {
                Asked::Stop if stop.is_cancelled() => {
                    tracing::warn!("a second signal: the run ends at its next request");
                    abort.cancel();
                }
                Asked::Stop => {
                    tracing::info!("stopping: what is in hand is finished; a second signal does not wait");
                    board.stopping();
                    board.requests.close();
                    let grace = setup.settings().duration(keys::SHUTDOWN_TIMEOUT);
                    manager.stopping("what is in hand is finished", grace.saturating_add(TO_END));
                    stop.cancel();
                }
                Asked::Run => match board.requests.ask(Utc::now()) {
                    Ok(asked) => tracing::info!(run_id = asked.run_id, "a run was asked for by SIGUSR1"),
                    Err(why) => tracing::warn!("SIGUSR1: no run: {why}"),
                },
                Asked::Reload => {
                    reload::reload(load, &setup, &board, &bound);
                    manager.status("the configuration was read again");
                }
            }
        }
    };
    let working = async {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = recall(&setup, &board) => {}
        }
        rounds.run(&round, dice).await
    };
    let ended = tokio::select! {
        biased;
        () = obeying => unreachable!("signals are listened to until the rounds end"),
        ended = working => ended,
        () = pulse(&manager) => unreachable!("a pulse has no end"),
        () = watch_scripts(&setup, &board, strategies::views) => unreachable!("scripts are watched without an end"),
    };
    closing.cancel();
    // It is about to end in any case.
    let _ = tokio::time::timeout(LAST_MOMENT, server).await;
    tracing::info!(forced = ended == Ended::Aborted, "ended");
    Ok(ended)
}

/// Whoever looks before the first run is over finds what earlier ones did.
async fn recall(setup: &Setup, board: &Board) {
    match JournalPlace::without_asking(&setup.settings()).await {
        Ok(Some(place)) => board.journal_is_at(place).await,
        Ok(None) => {}
        Err(failure) => tracing::warn!("the journal is not found yet: {}", failure.in_one_line()),
    }
}

/// Tells the service manager that the thread of the runs is alive.
async fn pulse(manager: &ServiceManager) {
    let Some(every) = manager.pulse() else { return std::future::pending().await };
    loop {
        manager.alive();
        tokio::time::sleep(every).await;
    }
}

/// A random number; a hasher's keys are random, and nothing here is secret.
fn dice() -> u16 {
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_le_bytes();
    u16::from_le_bytes([a, b])
}
