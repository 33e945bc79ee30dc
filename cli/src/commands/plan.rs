//! `plan`: what a run would write, field by field.

use std::io::{self, Write};

use reconciler_core::manager::RunReport;
use reconciler_core::updater::{Change, FieldChange};

use super::apply::{self, PlanArgs};
use super::{block_on, run};
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &PlanArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.input], output)?;
    let filter = wiring::filter(&args.filter)?;
    if let Some(path) = &args.out {
        apply::check(path)?;
    }
    block_on(async |stop| {
        let mut bench = Workbench::open(&settings, Access::Look, filter, stop, output).await?;
        bench.read_everything(args.full);
        bench.allow_missing(args.allow_missing);
        let (report, plan) = bench.reconciler().plan().await?;
        if let Some(path) = &args.out {
            apply::write(path, &plan)?;
            let count = plan.changes.instances.len();
            let plural = if count == 1 { "" } else { "s" };
            output.note(&format!(
                "Plan      {}, {count} instance{plural}; `reconciler apply` writes exactly that",
                path.display()
            ));
        }
        output.answer("Plan", report.complete, &report, |out| text(out, &report))?;
        Ok(match run::exit(&report) {
            Exit::Success if args.detailed_exitcode && report.counts.changed > 0 => Exit::ChangesPending,
            exit => exit,
        })
    })
}

fn text(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    for change in &report.changes {
        write_change(out, change)?;
    }
    run::summary(out, report)
}

fn write_change(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let sign = if change.creates { '+' } else { '~' };
    writeln!(out, "{sign} {}", change.path)?;
    for FieldChange { field, before, after } in &change.fields {
        match (before, after) {
            (None, Some(after)) => writeln!(out, "    + {field}: {after}")?,
            (Some(before), Some(after)) => writeln!(out, "    ~ {field}: {before} -> {after}")?,
            (before, None) => writeln!(out, "    - {field}: {}", before.as_deref().unwrap_or_default())?,
        }
    }
    Ok(())
}
