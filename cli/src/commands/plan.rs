//! `plan`: what a run would write, field by field.

use super::{block_on, run};
use crate::args::{GlobalArgs, PlanArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &PlanArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store, &args.matching], output)?;
    let filter = wiring::filter(&args.filter)?;
    block_on(async {
        let bench = Workbench::open(&settings, Access::Look, filter, output).await?;
        let report = bench.reconciler().run().await?;
        output.answer("Plan", report.complete, &report, |out| run::text(out, &report))?;
        Ok(match run::exit(&report) {
            Exit::Success if args.detailed_exitcode && report.counts.changed > 0 => Exit::ChangesPending,
            exit => exit,
        })
    })
}
