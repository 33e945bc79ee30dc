//! What the program can do, one command a file.

pub(crate) mod about;
pub(crate) mod backups;
pub(crate) mod decisions;
pub(crate) mod explain;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod strategies;

use std::future::Future;

use crate::failure::Failure;

/// Runs what waits for answers.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            done = work => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        }
    })
}
