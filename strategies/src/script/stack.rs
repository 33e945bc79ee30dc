//! Runs what evaluates scripts on a stack that the limits fit.

use std::thread;

use reconciler_core::matching::{STACK_BYTES, THREAD_NAME};

/// Runs it on a thread with the stack of the engine's workers, and waits. The
/// caller's own stack may be a quarter of that, and a script that fits the
/// limits would end the process there.
pub(super) fn on_deep_stack<R: Send>(work: impl FnOnce() -> R + Send) -> std::io::Result<R> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES);
        match builder.spawn_scoped(scope, work)?.join() {
            Ok(done) => Ok(done),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
