//! `config`: what the configuration is, whether it is right, and how to write
//! one.

mod args;
mod check;
mod explain;
mod init;
mod show;
mod view;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) use self::args::ConfigCommand;

pub(crate) fn run(
    global: &GlobalArgs,
    command: &ConfigCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Show(args) => show::run(global, args, output),
        ConfigCommand::Check => check::run(global, output),
        ConfigCommand::Init(args) => init::run(args, output),
        ConfigCommand::Explain(args) => explain::run(global, args, output),
    }
}
