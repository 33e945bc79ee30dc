//! The scripts that the settings name, and what they are allowed.

use std::path::PathBuf;

use reconciler_core::config::{Origin, Settings, keys};
use reconciler_strategies::script::{LiveScripts, ScriptOptions, ScriptProblems, ScriptSet};

use crate::failure::Failure;

/// What the settings allow scripts.
pub(crate) fn options(settings: &Settings) -> ScriptOptions {
    let mut options = ScriptOptions::default();
    options.max_priority = u16::try_from(settings.integer(keys::SCRIPTS_MAX_PRIORITY)).unwrap_or(u16::MAX);
    options.max_confidence = settings.confidence(keys::SCRIPTS_MAX_CONFIDENCE);
    options.tolerate_errors = settings.choice(keys::SCRIPTS_ON_ERROR) == "ignore";
    // Whoever names a folder on the command line means what is in it; one of the
    // configuration may be filled later.
    options.require_scripts = matches!(settings.origin(keys::SCRIPTS_PATHS), Some(Origin::Flag { .. }));
    options
}

/// The scripts that the settings name, for as long as the program runs.
pub(crate) fn live_scripts(settings: &Settings) -> Result<Option<LiveScripts>, Failure> {
    let Some(paths) = settings.list(keys::SCRIPTS_PATHS) else {
        return Ok(None);
    };
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    Ok(Some(LiveScripts::open(paths, options(settings)).map_err(refused)?))
}

fn refused(problems: ScriptProblems) -> Failure {
    Failure::local(problems).or_advise("`reconciler scripts check` shows everything that is wrong or odd")
}

/// The scripts that the settings name, if they name any.
pub(crate) fn scripts(settings: &Settings) -> Result<Option<ScriptSet>, Failure> {
    let Some(paths) = settings.list(keys::SCRIPTS_PATHS) else {
        return Ok(None);
    };
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    Ok(Some(ScriptSet::load(&paths, &options(settings)).map_err(refused)?))
}
