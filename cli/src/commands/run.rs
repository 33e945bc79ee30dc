//! `run`: decide every deployment and bring the records into line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use reconciler_core::manager::RunReport;
use reconciler_core::updater::Change;

use super::block_on;
use super::scan::write_counts;
use crate::args::{GlobalArgs, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::wiring::{self, Access, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &RunArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store, &args.matching], output)?;
    let filter = wiring::filter(&args.filter)?;
    let access = if args.dry_run { Access::Look } else { Access::Write };
    block_on(async {
        let bench = Workbench::open(&settings, access, filter, output).await?;
        let report = bench.reconciler().run().await?;
        output.answer("RunReport", report.complete, &report, |out| text(out, &report))?;
        Ok(exit(&report))
    })
}

/// A run that did everything ends well, whatever it found.
pub(super) fn exit(report: &RunReport) -> Exit {
    if report.complete { Exit::Success } else { Exit::Incomplete }
}

/// What was written and found, for people: a line an instance.
fn text(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let mut instances: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &report.changes {
        instances.entry(&change.instance).or_default().push(change);
    }
    for (instance, changes) in &instances {
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        let sign = if changes.iter().any(|change| change.creates) { '+' } else { '~' };
        writeln!(out, "{sign} {instance}: {}", paths.join(", "))?;
    }
    summary(out, report)
}

/// What was found, and how many there were.
pub(super) fn summary(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    if !report.changes.is_empty() {
        writeln!(out)?;
    }
    for finding in &report.findings {
        writeln!(out, "{}  {}: {}", finding.code, finding.subject, finding.message)?;
    }
    for unknown in &report.unknown {
        writeln!(out, "unknown  {}: {}", unknown.deployment, unknown.why)?;
    }
    let red = outcome_style("failed");
    for failure in &report.failures {
        writeln!(out, "{red}failed{red:#}  {}{}: {}", failure.deployment, failure.instance, failure.message)?;
        if let Some(advice) = &failure.advice {
            writeln!(out, "        {advice}")?;
        }
    }
    let counts = &report.counts;
    write_counts(out, counts)?;
    write!(out, "{} instances: {} ", counts.matched - counts.filtered, counts.changed)?;
    write!(out, "{}, {} unchanged", if report.dry_run { "to change" } else { "changed" }, counts.unchanged)?;
    for (number, what) in [
        (counts.skipped, "skipped"),
        (counts.conflicted, "conflicted"),
        (counts.failed, "failed"),
        (counts.filtered, "not asked for"),
    ] {
        if number > 0 {
            write!(out, ", {number} {what}")?;
        }
    }
    writeln!(out)?;
    match (report.dry_run, counts.changed, counts.writes) {
        (true, 0, _) => writeln!(out, "Nothing to write."),
        (true, _, _) => writeln!(out, "Nothing was written: this was a dry run."),
        (false, _, 0) => writeln!(out, "Nothing had changed: 0 writes."),
        (false, _, 1) => writeln!(out, "1 write{}.", kept(counts.backups)),
        (false, _, writes) => writeln!(out, "{writes} writes{}.", kept(counts.backups)),
    }
}

/// How much of what was changed is kept in an archive.
fn kept(backups: usize) -> String {
    match backups {
        0 => String::new(),
        1 => ", 1 archive before".to_owned(),
        backups => format!(", {backups} archives before"),
    }
}
