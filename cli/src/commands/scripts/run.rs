//! `scripts run`: one script, one deployment, and what happened.

use std::io::{self, Write};

use reconciler_core::manager::Filter;
use reconciler_core::matching::nearest;
use reconciler_strategies::script::trial::shown;
use reconciler_strategies::script::{Examination, ScriptProblem};
use serde::Serialize;

use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::script_args::RunScriptArgs;
use crate::wiring::{self, Access, Workbench};

#[derive(Serialize)]
struct RunView<'a> {
    script: &'a str,
    deployment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    opinion: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a ScriptProblem>,
    operations: u64,
    microseconds: u128,
    reads: Vec<ReadView<'a>>,
    printed: &'a [String],
}

#[derive(Serialize)]
struct ReadView<'a> {
    what: &'a str,
    at: String,
}

pub(super) fn run(global: &GlobalArgs, args: &RunScriptArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[args, &args.source, &args.store], output)?;
    let set = super::load(&settings)?;
    let Some(script) = set.script(&args.id) else {
        let known: Vec<String> = set.scripts().iter().map(|script| script.header().id.clone()).collect();
        let advice = match nearest(&args.id, &known) {
            Some(id) => format!("did you mean `{id}`?"),
            None => "`reconciler scripts list` shows those there are".to_owned(),
        };
        return Err(Failure::told(format!("there is no script `{}`", args.id), advice));
    };
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::Look, Filter::default(), stop, output).await?;
        let (deployment, facts) = bench.deployment(&args.deployment).await?;
        let examination = set.examine(script, &deployment, &facts)?;
        let view = RunView {
            script: script.id().as_str(),
            deployment: &args.deployment,
            opinion: examination.opinion.as_ref().ok().map(shown),
            failure: examination.opinion.as_ref().err(),
            operations: examination.operations,
            microseconds: examination.time.as_micros(),
            reads: examination
                .reads
                .iter()
                .map(|read| ReadView { what: &read.what, at: format!("{}:{}", read.file, read.at) })
                .collect(),
            printed: &examination.lines,
        };
        output.answer("ScriptRun", true, &view, |out| text(out, &view, &examination, args.trace))?;
        Ok(if examination.opinion.is_ok() { Exit::Success } else { Exit::Incomplete })
    })
}

fn text(out: &mut dyn Write, view: &RunView<'_>, examination: &Examination, trace: bool) -> io::Result<()> {
    if trace {
        for read in &view.reads {
            writeln!(out, "read       {:<40} {}", read.what, read.at)?;
        }
        for line in view.printed {
            writeln!(out, "printed    {line}")?;
        }
    }
    match &examination.opinion {
        Ok(opinion) => writeln!(out, "returned   {}", shown(opinion))?,
        Err(problem) => writeln!(out, "{}", problem.rendered())?,
    }
    let (operations, time) = (view.operations, view.microseconds);
    writeln!(out, "took       {operations} operations, {time} µs, {} reads", view.reads.len())
}
