//! The engine that the settings describe.

use std::num::NonZeroUsize;

use reconciler_core::config::{Settings, keys};
use reconciler_core::matching::MatchEngine;
use reconciler_strategies::script::ScriptSet;

use super::scripts::scripts;
use crate::failure::Failure;

/// Builds the engine that the settings describe.
pub(super) fn engine(settings: &Settings) -> Result<MatchEngine, Failure> {
    engine_with(settings, scripts(settings)?.as_ref())
}

/// Builds the engine that the settings describe, with scripts that were read
/// already.
pub(crate) fn engine_with(settings: &Settings, scripts: Option<&ScriptSet>) -> Result<MatchEngine, Failure> {
    let mut builder = MatchEngine::builder().with_registered()?.policy(settings.policy());
    if let Some(set) = scripts {
        builder = builder.with_entries(set.entries());
    }
    if let Some(names) = settings.list(keys::STRATEGIES) {
        builder = builder.select(names.iter().map(String::as_str));
    }
    if let Some(workers) = settings.integer(keys::WORKERS) {
        builder = builder.workers(workers_of(workers));
    }
    Ok(builder.build()?)
}

fn workers_of(workers: u64) -> NonZeroUsize {
    usize::try_from(workers).ok().and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MIN)
}
