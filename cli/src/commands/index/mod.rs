//! `index`: the one secret that lists all instances.

mod args;
mod show;
mod verify;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) use self::args::IndexCommand;
pub(super) use self::show::unknown;

pub(crate) fn run(global: &GlobalArgs, command: &IndexCommand, output: &mut Output) -> Result<Exit, Failure> {
    match command {
        IndexCommand::Show(args) => show::run(global, args, output),
        IndexCommand::Verify(args) => verify::run(global, args, output),
    }
}
