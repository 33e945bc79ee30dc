//! The program `reconciler`: reads its arguments, does what they say, and ends
//! with a documented exit code.

mod args;
mod commands;
mod daemon;
mod exit;
mod failure;
mod match_args;
mod output;
mod progress;
mod remote;
mod script_args;
mod telemetry;
mod wiring;

use std::io::ErrorKind;
use std::process::ExitCode;

use clap::Parser;
// Without this line the linker leaves the strategies out.
use reconciler_strategies as _;

use crate::args::{Cli, Command, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // A service's log is as its configuration says, which is not read yet.
    if !matches!(cli.command, Command::Serve(_)) {
        telemetry::start(cli.global.debug);
    }
    telemetry::silence_caught_panics();
    let mut output = Output::new(&cli.global);
    let exit = match run(&cli, &mut output) {
        Ok(exit) => exit,
        // Whoever read our output has seen enough, as in `… | head`.
        Err(failure) if failure.is_closed_pipe() => Exit::Success,
        Err(failure) => {
            output.failure(&failure);
            failure.exit()
        }
    };
    ExitCode::from(exit)
}

/// Help and version are answers; anything else that clap reports is a mistake
/// in the arguments. Clap's own code for those, 2, means "unreachable" here.
fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    let asked_for = !error.use_stderr();
    // A closed pipe is no reason to fail.
    let arrived = printed.err().is_none_or(|error| error.kind() == ErrorKind::BrokenPipe);
    ExitCode::from(if asked_for && arrived { Exit::Success } else { Exit::Local })
}

fn run(cli: &Cli, output: &mut Output) -> Result<Exit, Failure> {
    let global = &cli.global;
    if global.format() == Format::Markdown && !cli.command.has_markdown() {
        return Err(Failure::told(
            "this command's answer has no Markdown form",
            "`explain`, `replay`, `decisions test` and `decisions diff` have one; others know table, json and yaml",
        ));
    }
    if global.format() == Format::Odb && !matches!(cli.command, Command::Orphans(_)) {
        return Err(Failure::told("--format odb is for `orphans list`", "use table, json or yaml"));
    }
    match &cli.command {
        Command::Run(args) => commands::run::run(global, args, output),
        Command::Serve(args) => commands::serve::run(global, args, output),
        Command::Status(args) => commands::status::run(global, args, output),
        Command::Plan(args) => commands::plan::run(global, args, output),
        Command::Apply(args) => commands::apply::run(global, args, output),
        Command::Scan(args) => commands::scan::run(global, args, output),
        Command::Explain(args) => commands::explain::run(global, args, output),
        Command::Doctor(args) => commands::doctor::run(global, args, output),
        Command::Strategies(command) => commands::strategies::run(global, command, output),
        Command::Scripts(command) => commands::scripts::run(global, command, output),
        Command::Decisions(command) => commands::decisions::run(global, command, output),
        Command::Capture(args) => commands::capture::run(global, args, output),
        Command::Replay(args) => commands::capture::replay(global, args, output),
        Command::Backups(command) => commands::backups::run(global, command, output),
        Command::Index(command) => commands::index::run(global, command, output),
        Command::History(args) => commands::history::run(global, args, output),
        Command::Orphans(command) => commands::orphans::run(global, command, output),
        Command::Config(command) => commands::config::run(global, command, output),
        Command::Man(args) => commands::man::run(args, output),
        Command::Completion(args) => commands::about::completion(args),
        Command::Version => commands::about::version(output),
    }
}
