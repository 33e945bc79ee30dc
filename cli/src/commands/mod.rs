//! What the program can do, one command a file.

pub(crate) mod about;
pub(crate) mod apply;
pub(crate) mod backups;
pub(crate) mod capture;
pub(crate) mod config;
pub(crate) mod decisions;
mod difference;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod index;
pub(crate) mod man;
pub(crate) mod orphans;
pub(crate) mod plan;
pub(crate) mod run;
mod run_remote;
pub(crate) mod scan;
pub(crate) mod scripts;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod strategies;

use std::io::Write as _;

use reconciler_core::manager::CancellationToken;

use crate::failure::Failure;

/// Runs what waits for answers. The first signal asks it to end, which it does
/// as soon as nothing would be left half done; the second does not wait.
fn block_on<T>(work: impl AsyncFnOnce(&CancellationToken) -> Result<T, Failure>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stop = CancellationToken::new();
    let outcome = runtime.block_on(async {
        // Listening begins before the work: no signal finds nobody.
        let mut signals = Signals::new()?;
        let work = work(&stop);
        let mut work = std::pin::pin!(work);
        tokio::select! {
            biased;
            () = signals.next() => {
                // Nobody to tell is no reason to go on.
                let _ = writeln!(anstream::stderr(), "stopping; a second signal does not wait");
                stop.cancel();
            }
            done = &mut work => return done,
        }
        tokio::select! {
            biased;
            () = signals.next() => Err(Failure::interrupted()),
            done = work => done,
        }
    });
    // Nobody waits for decisions that nobody wants any more.
    runtime.shutdown_background();
    outcome
}

/// The signals that ask the program to end: Ctrl-C, and what service managers
/// send.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next one; one that came meanwhile counts.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there is nothing else.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
