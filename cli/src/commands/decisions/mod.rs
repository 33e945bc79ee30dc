//! `decisions`: decisions under test.

pub(crate) mod args;

mod accept;
mod decided;
mod diff;
mod diff_text;
mod eval;
mod eval_text;
mod floors;
mod past;
mod side;
mod snapshots;
mod source;
mod test;
mod test_text;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use args::DecisionsCommand;

pub(crate) fn run(
    global: &GlobalArgs,
    command: &DecisionsCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        DecisionsCommand::Eval(args) => eval::run(global, args, output),
        DecisionsCommand::Test(args) => test::run(global, args, output),
        DecisionsCommand::Accept(args) => accept::run(global, args, output),
        DecisionsCommand::Diff(args) => diff::run(global, args, output),
    }
}
