//! `apply`: write exactly what a saved plan says.

mod args;
mod file;

use std::io::{self, Write};

use reconciler_core::manager::{Application, Filter, Plan};

pub(crate) use self::args::{ApplyArgs, PlanArgs};
pub(super) use self::file::{check, write};
use super::{block_on, run};
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, StoreKind, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &ApplyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let plan = file::read(&args.plan)?;
    let settings = wiring::settings(global, &[&args.input], output)?;
    block_on(async |stop| {
        let filter = Filter::default();
        if StoreKind::of(&settings)? == StoreKind::Embedded {
            // A refusal must not leave a store behind that was not there.
            let unheard = &mut Output::to_log();
            let look = Workbench::open(&settings, Access::Look, filter.clone(), stop, unheard).await?;
            if !look.has_store() {
                look.reconciler().check(&plan).await?;
            }
        }
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
