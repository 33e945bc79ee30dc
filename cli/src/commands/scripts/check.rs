//! `scripts check`: everything that is wrong or odd, in all files at once.

use reconciler_strategies::script::{ScriptProblem, ScriptSet, Severity};
use serde::Serialize;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::script_args::PlaceArgs;
use crate::wiring;

#[derive(Serialize)]
struct Findings<'a> {
    scripts: Vec<&'a str>,
    errors: usize,
    warnings: usize,
    problems: &'a [ScriptProblem],
}

pub(super) fn run(global: &GlobalArgs, args: &PlaceArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[args], output)?;
    let (set, problems) =
        ScriptSet::examine_all(&super::paths(&settings), &wiring::script_options(&settings));
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let findings = Findings {
        scripts: set.iter().flat_map(|set| set.scripts()).map(|script| script.file()).collect(),
        errors,
        warnings: problems.len() - errors,
        problems: &problems,
    };
    output.answer("ScriptCheck", true, &findings, |out| {
        for problem in findings.problems {
            let style = outcome_style(if problem.severity == Severity::Error { "failed" } else { "review" });
            let rendered = problem.rendered();
            let (first, rest) = rendered.split_once('\n').unwrap_or((&rendered, ""));
            writeln!(out, "{style}{first}{style:#}\n{rest}\n")?;
        }
        match &set {
            Some(set) => writeln!(
                out,
                "{} in order, {}",
                counted(set.scripts().len(), "script"),
                counted(findings.warnings, "warning")
            ),
            None => writeln!(
                out,
                "{}, {}",
                counted(findings.errors, "error"),
                counted(findings.warnings, "warning")
            ),
        }
    })?;
    Ok(if errors == 0 { Exit::Success } else { Exit::Local })
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
