//! `apply`: write exactly what a saved plan says.

mod args;
mod file;

use std::io::{self, Write};

use reconciler_core::manager::{Application, Plan};

pub(crate) use self::args::{ApplyArgs, PlanArgs};
pub(super) use self::file::{check, write};
use super::{block_on, run};
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &ApplyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let plan = file::read(&args.plan)?;
    let settings = wiring::settings(global, &[&args.input], output)?;
    block_on(async |stop| {
        let filter = Default::default();
        let bench = Workbench::open(&settings, Access::Write, filter, stop, output).await?;
        let application = bench.reconciler().apply(&plan).await?;
        let report = &application.report;
        output.answer("RunReport", report.complete, report, |out| text(out, &plan, &application))?;
        Ok(run::exit(report))
    })
}

fn text(out: &mut dyn Write, plan: &Plan, application: &Application) -> io::Result<()> {
    if plan.changes.is_empty() {
        return writeln!(out, "The plan of {} changes nothing.", plan.made_at);
    }
    if application.was_applied {
        return writeln!(out, "The plan of {} was applied already: nothing is left to write.", plan.made_at);
    }
    run::text(out, &application.report)
}
