//! `orphans`: what has no counterpart.

mod args;
mod list;
mod odb;

use super::block_on;
use crate::args::{Format, GlobalArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};

pub(crate) use self::args::OrphansCommand;

pub(crate) fn run(
    global: &GlobalArgs,
    command: &OrphansCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let OrphansCommand::List(args) = command;
    let is_odb = global.format() == Format::Odb;
    let listed = (|| {
        let settings = wiring::settings(global, &[&args.input], output)?;
        let filter = wiring::filter(&args.filter)?;
        block_on(async |stop| {
            let bench = Workbench::open(&settings, Access::Look, filter, stop, output).await?;
            let report = bench.reconciler().orphans().await?;
            if is_odb { odb::answer(&report, args, output) } else { list::answer(&report, args, output) }
        })
    })();
    // The on-demand broker knows one way to fail.
    if is_odb { listed.map_err(Failure::plain) } else { listed }
}
