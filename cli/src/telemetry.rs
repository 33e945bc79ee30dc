//! What is said on standard error while the program works, for those who ask.

use std::sync::OnceLock;

use reconciler_core::config::{Settings, keys};
use reconciler_core::matching::THREAD_NAME;
use tracing_subscriber::EnvFilter;

/// The target of the lines about changed records.
pub(crate) const AUDIT: &str = "audit";

/// Sets the level of a log that was started before the settings were read.
type SetLevel = Box<dyn Fn(&str) + Send + Sync>;

/// There is one, unless something stronger than the settings chose the level.
static BY_SETTINGS: OnceLock<SetLevel> = OnceLock::new();

/// Starts logging: warnings only, everything of ours with `--debug`,
/// `BLACKSMITH_DEBUG` or `DEBUG`, or exactly what `RUST_LOG` says. Where none of
/// them says anything, the settings will.
pub(crate) fn start(debug: bool) {
    let asked =
        |name: &str| std::env::var(name).is_ok_and(|value| matches!(value.as_str(), "1" | "true" | "yes"));
    let given = EnvFilter::try_from_default_env().ok();
    let asked = debug || asked("BLACKSMITH_DEBUG") || asked("DEBUG");
    let is_open = given.is_none() && !asked;
    let filter = given.unwrap_or_else(|| ours(if asked { "debug" } else { "warn" }));
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        // It would complain about a closed standard error on standard error.
        .log_internal_errors(false)
        .with_filter_reloading();
    if is_open {
        let handle = log.reload_handle();
        let set: SetLevel = Box::new(move |level| {
            // The log is there for as long as the program is.
            let _set = handle.reload(ours(level));
        });
        let _only_start = BY_SETTINGS.set(set);
    }
    log.init();
}

/// Has a command log as much as the settings say.
pub(crate) fn follow(settings: &Settings) {
    let level = settings.choice(keys::LOG_LEVEL);
    let level = level.or(settings.boolean(keys::DEBUG).then_some("debug"));
    if let (Some(set), Some(level)) = (BY_SETTINGS.get(), level) {
        set(level);
    }
}

/// Warnings of others, and what is ours from a level on.
fn ours(level: &str) -> EnvFilter {
    // The verifier of certificates complains as an error before ours is said.
    EnvFilter::new(format!(
        "warn,rustls_platform_verifier=off,reconciler={level},reconciler_core={level},\
         reconciler_strategies={level}"
    ))
}

/// Starts the log of a service: what runs do, with a line for each change of a
/// record, at the level and in the form that the settings say.
pub(crate) fn start_service(settings: &Settings, debug: bool) {
    let level = match settings.choice(keys::LOG_LEVEL) {
        Some(level) => level.to_owned(),
        None if debug || settings.boolean(keys::DEBUG) => "debug".to_owned(),
        None => "info".to_owned(),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(format!(
            "warn,rustls_platform_verifier=off,reconciler={level},reconciler_core={level},\
             reconciler_strategies={level},{AUDIT}={}",
            // Who wants to hear of errors only still wants to know what was written.
            if matches!(level.as_str(), "error" | "warn") { "info" } else { level.as_str() }
        ))
    });
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    if settings.choice(keys::LOG_FORMAT) == "json" {
        log.json().flatten_event(true).with_ansi(false).init();
    } else {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        log.with_ansi(colour).init();
    }
    say_only_where_it_panicked();
}

/// A panic of a service is a line in its log. Its message may hold anything;
/// what may be told of it stands in the run.
fn say_only_where_it_panicked() {
    std::panic::set_hook(Box::new(|info| {
        if std::thread::current().name() != Some(THREAD_NAME) {
            let at = info.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(at, "the program panicked: this is a defect, please report it");
        }
    }));
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
