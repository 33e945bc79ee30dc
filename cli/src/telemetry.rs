//! What is said on standard error while the program works, for those who ask.

use reconciler_core::matching::THREAD_NAME;
use tracing_subscriber::EnvFilter;

/// Starts logging: warnings only, everything of ours with `--debug`,
/// `BLACKSMITH_DEBUG` or `DEBUG`, or exactly what `RUST_LOG` says.
pub(crate) fn start(debug: bool) {
    let asked =
        |name: &str| std::env::var(name).is_ok_and(|value| matches!(value.as_str(), "1" | "true" | "yes"));
    // The verifier of certificates complains as an error before ours is said.
    let level = if debug || asked("BLACKSMITH_DEBUG") || asked("DEBUG") {
        "warn,rustls_platform_verifier=off,reconciler=debug,reconciler_core=debug,reconciler_strategies=debug"
    } else {
        "warn,rustls_platform_verifier=off"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        // It would complain about a closed standard error on standard error.
        .log_internal_errors(false)
        .init();
}

/// A panic in a strategy is caught and stands in its decision; the usual report
/// on standard error would show it twice, with whatever the message holds.
pub(crate) fn silence_caught_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(THREAD_NAME) {
            usual(info);
        }
    }));
}
