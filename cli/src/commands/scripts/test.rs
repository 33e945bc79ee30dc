//! `scripts test`: the tests of scripts, as a test runner shows them.

use std::io::{self, Write};

use reconciler_strategies::script::trial::{self, Report};
use reconciler_strategies::script::{Coverage, ScriptProblem};
use serde::Serialize;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::script_args::TestArgs;
use crate::wiring;

#[derive(Serialize)]
struct ReportView<'a> {
    passed: usize,
    failed: usize,
    tests: Vec<TestView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coverage: Vec<CoverageView<'a>>,
}

#[derive(Serialize)]
struct TestView<'a> {
    script: &'a str,
    name: &'a str,
    result: &'static str,
    microseconds: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a ScriptProblem>,
}

#[derive(Serialize)]
struct CoverageView<'a> {
    script: &'a str,
    file: &'a str,
    percent: usize,
    lines: usize,
    missed: Vec<usize>,
}

pub(super) fn run(global: &GlobalArgs, args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.place], output)?;
    let set = super::load(&settings)?;
    let report = trial::run(&set, args.coverage)?;
    let view = view(&report);
    output.answer("ScriptTests", true, &view, |out| text(out, &report, &view))?;
    Ok(if report.passed() { Exit::Success } else { Exit::BelowFloor })
}

fn view(report: &Report) -> ReportView<'_> {
    let failed = report.trials.iter().filter(|trial| trial.failure.is_some()).count();
    let tests = report.trials.iter().map(|trial| TestView {
        script: &trial.script,
        name: &trial.name,
        result: if trial.failure.is_some() { "failed" } else { "passed" },
        microseconds: trial.time.as_micros(),
        failure: trial.failure.as_ref(),
    });
    let coverage = report.coverage.iter().map(|one: &Coverage| CoverageView {
        script: &one.script,
        file: &one.file,
        percent: one.percent(),
        lines: one.lines,
        missed: one.missed.iter().map(|(line, _)| *line).collect(),
    });
    ReportView {
        passed: report.trials.len() - failed,
        failed,
        tests: tests.collect(),
        coverage: coverage.collect(),
    }
}

fn text(out: &mut dyn Write, report: &Report, view: &ReportView<'_>) -> io::Result<()> {
    let (good, bad) = (outcome_style("matched"), outcome_style("failed"));
    for trial in &report.trials {
        let (style, word) = if trial.failure.is_some() { (bad, "FAILED") } else { (good, "ok") };
        writeln!(out, "test {} / {} … {style}{word}{style:#}", trial.script, trial.name)?;
    }
    for trial in &report.trials {
        if let Some(failure) = &trial.failure {
            writeln!(out, "\n{bad}failed{bad:#}  {} / {}\n{}", trial.script, trial.name, failure.rendered())?;
        }
    }
    if !report.coverage.is_empty() {
        writeln!(out)?;
    }
    for one in &report.coverage {
        let reached = one.lines - one.missed.len();
        writeln!(out, "coverage {}: {} % ({reached} of {} lines)", one.script, one.percent(), one.lines)?;
        for (line, text) in &one.missed {
            writeln!(out, "  missed {line:>4} | {text}")?;
        }
    }
    writeln!(out, "\n{} tests: {} passed, {} failed", report.trials.len(), view.passed, view.failed)
}
