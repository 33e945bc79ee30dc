//! What the program can do, one command a file.

pub(crate) mod about;
pub(crate) mod decisions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod scripts;
pub(crate) mod strategies;

use reconciler_core::manager::CancellationToken;

use crate::failure::Failure;

/// Runs what waits for answers. The first signal asks it to end, which it does
/// as soon as nothing would be left half done; the second does not wait.
fn block_on<T>(work: impl AsyncFnOnce(&CancellationToken) -> Result<T, Failure>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stop = CancellationToken::new();
    let outcome = runtime.block_on(async {
        let work = work(&stop);
        let mut work = std::pin::pin!(work);
        tokio::select! {
            // Listening begins before the work: no signal finds nobody.
            biased;
            () = signal() => stop.cancel(),
            done = &mut work => return done,
        }
        tokio::select! {
            biased;
            () = signal() => Err(Failure::interrupted()),
            done = work => done,
        }
    });
    // Nobody waits for decisions that nobody wants any more.
    runtime.shutdown_background();
    outcome
}

/// Waits for Ctrl-C or a request to end.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends the program itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
