//! `scripts`: what authors of strategies work with.

mod check;
mod definitions;
mod list;
mod new;
mod run;
mod test;

use std::path::PathBuf;

use reconciler_core::config::{Settings, keys};
use reconciler_strategies::script::ScriptSet;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::script_args::ScriptsCommand;
use crate::wiring;

pub(crate) fn run(
    global: &GlobalArgs,
    command: &ScriptsCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        ScriptsCommand::New(args) => new::run(args, output),
        ScriptsCommand::List(args) => list::run(global, args, output),
        ScriptsCommand::Check(args) => check::run(global, args, output),
        ScriptsCommand::Test(args) => test::run(global, args, output),
        ScriptsCommand::Run(args) => run::run(global, args, output),
        ScriptsCommand::Definitions(args) => definitions::run(args, output),
    }
}

/// Where scripts are looked for if nobody says where.
const USUAL_FOLDER: &str = "scripts";

/// Where the scripts are.
fn paths(settings: &Settings) -> Vec<PathBuf> {
    match settings.list(keys::SCRIPTS_PATHS) {
        Some(paths) => paths.iter().map(PathBuf::from).collect(),
        None => vec![PathBuf::from(USUAL_FOLDER)],
    }
}

/// The scripts, which all have to be in order.
fn load(settings: &Settings) -> Result<ScriptSet, Failure> {
    ScriptSet::load(&paths(settings), &wiring::script_options(settings)).map_err(|problems| {
        Failure::local(problems).or_advise("`reconciler scripts check` shows everything that is wrong or odd")
    })
}
