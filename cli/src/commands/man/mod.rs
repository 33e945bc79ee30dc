//! `man`: the manual, made from the same texts as the help.

mod args;

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) use self::args::ManArgs;

pub(crate) fn run(args: &ManArgs, output: &mut Output) -> Result<Exit, Failure> {
    match &args.out {
        Some(folder) => {
            let pages = pages(folder).map_err(|error| {
                Failure::told(
                    format!("failed to write the manual to {}: {error}", folder.display()),
                    "name a folder that may be written, such as /usr/local/share/man/man1",
                )
            })?;
            output.note(&format!("{pages} pages are in {}", folder.display()));
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            std::io::stdout().lock().write_all(&page)?;
        }
    }
    Ok(Exit::Success)
}

/// Writes a page for every command, and gives how many that were.
fn pages(folder: &Path) -> std::io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let mut command = without_help(Cli::command());
    // The names of pages and usages come with the whole tree.
    command.build();
    clap_mangen::generate_to(command.clone(), folder)?;
    Ok(count(&command))
}

/// Without the subcommands `help`, whose pages would say nothing.
fn without_help(command: clap::Command) -> clap::Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn count(command: &clap::Command) -> usize {
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    1 + below.map(count).sum::<usize>()
}
