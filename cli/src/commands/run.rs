//! `run`: decide every deployment and bring the records into line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::{FailedInstance, GuardRefusal, RunReport};
use reconciler_core::ports::PortErrorKind;
use reconciler_core::updater::Change;
use serde::Serialize;

use super::scan::{write_counts, write_findings, write_unknown};
use super::{block_on, run_remote};
use crate::args::{GlobalArgs, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::remote::Remote;
use crate::wiring::{self, Access, Workbench};

pub(crate) fn run(global: &GlobalArgs, args: &RunArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.input, &args.remote], output)?;
    let filter = &args.filter;
    let here = [
        ("--dry-run", args.dry_run),
        ("--full", args.full),
        ("--allow-missing", args.allow_missing.is_some()),
        ("--begin-index", args.begin_index),
        ("--allow-fewer-entries", args.allow_fewer_entries),
        ("--service", filter.service.is_some()),
        ("--plan", filter.plan.is_some()),
        ("--instance", filter.instance.is_some()),
        ("--deployment", filter.deployment.is_some()),
    ];
    if let Some(remote) = Remote::of(&args.remote, &settings, &here)? {
        return block_on(async |stop| run_remote::run(&remote, stop, output).await);
    }
    let filter = wiring::filter(filter)?;
    if !settings.boolean(keys::ENABLED) && !args.dry_run {
        return disabled(&settings, output);
    }
    let access = if args.dry_run { Access::Look } else { Access::Write };
    block_on(async |stop| {
        let mut bench = Workbench::open(&settings, access, filter, stop, output).await?;
        bench.read_everything(args.full);
        bench.allow_missing(args.allow_missing);
        bench.begin_index(args.begin_index);
        bench.allow_fewer_entries(args.allow_fewer_entries);
        let report = bench.reconciler().run().await?;
        output.answer("RunReport", report.complete, &report, |out| text(out, &report))?;
        Ok(exit(&report))
    })
}

/// Says that there was no run, and why: somebody decided that, so all is well.
fn disabled(settings: &Settings, output: &mut Output) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Disabled {
        enabled: bool,
        origin: String,
    }
    let origin = settings.origin(keys::ENABLED).map(ToString::to_string).unwrap_or_default();
    let answer = Disabled { enabled: false, origin };
    output.answer("Disabled", true, &answer, |out| {
        writeln!(out, "Nothing was done: `enabled` is false ({}).", answer.origin)
    })?;
    Ok(Exit::Success)
}

/// A run that did everything ends well, whatever it found. One whose
/// credentials ended on the way is refused as it would be at its start.
pub(super) fn exit(report: &RunReport) -> Exit {
    let unauthenticated = PortErrorKind::Unauthenticated.code();
    if report.failures.iter().any(|failure| failure.kind == unauthenticated) {
        return Exit::Remote;
    }
    if !report.refusals.is_empty() {
        return Exit::Refused;
    }
    if report.complete { Exit::Success } else { Exit::Incomplete }
}

/// What was written and found, for people: a line an instance.
pub(super) fn text(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let mut instances: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &report.changes {
        instances.entry(&change.instance).or_default().push(change);
    }
    let widest = instances.keys().map(|instance| instance.len()).max().unwrap_or_default();
    for (instance, changes) in &instances {
        let parts: Vec<&str> = changes.iter().map(|change| change.part()).collect();
        let sign = if changes.iter().any(|change| change.creates) { '+' } else { '~' };
        writeln!(out, "{sign} {instance:<widest$}  {}", parts.join(", "))?;
    }
    summary(out, report)
}

/// What could not be written, and once for all that fail alike what to do.
fn write_failures(out: &mut dyn Write, failures: &[FailedInstance]) -> io::Result<()> {
    let red = outcome_style("failed");
    for (at, failure) in failures.iter().enumerate() {
        let subject = if failure.deployment.is_empty() { &failure.instance } else { &failure.deployment };
        writeln!(out, "{red}failed{red:#}  {subject}: {}", failure.message)?;
        let next = failures.get(at + 1).and_then(|next| next.advice.as_ref());
        if let Some(advice) = failure.advice.as_ref().filter(|advice| next != Some(*advice)) {
            writeln!(out, "help: {advice}")?;
        }
    }
    Ok(())
}

/// What was found, and how many there were.
pub(super) fn summary(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    if !report.changes.is_empty() {
        writeln!(out)?;
    }
    write_findings(out, report.findings.iter())?;
    write_unknown(out, &report.unknown)?;
    write_failures(out, &report.failures)?;
    write_refusals(out, &report.refusals)?;
    let counts = &report.counts;
    write_counts(out, counts)?;
    let changed = counts.changed - counts.marked.min(counts.changed);
    let instances = counts.matched - counts.filtered;
    let plural = if instances == 1 { "" } else { "s" };
    write!(out, "{instances} instance{plural}: {changed} ")?;
    write!(out, "{}, {} unchanged", if report.dry_run { "to change" } else { "changed" }, counts.unchanged)?;
    for (number, what) in [
        (counts.skipped, "skipped"),
        (counts.conflicted, "conflicted"),
        (counts.failed, "failed"),
        (counts.not_begun, "not begun"),
        (counts.filtered, "not asked for"),
    ] {
        if number > 0 {
            write!(out, ", {number} {what}")?;
        }
    }
    writeln!(out)?;
    write_orphans(out, report)?;
    match (report.dry_run, counts.changed, counts.writes) {
        (true, 0, _) => writeln!(out, "Nothing to write."),
        (true, _, _) => writeln!(out, "Nothing was written: this was a dry run."),
        (false, _, 0) if report.failures.is_empty() && counts.not_begun == 0 => {
            writeln!(out, "Nothing had changed: 0 writes.")
        }
        (false, _, 0) => writeln!(out, "0 writes."),
        (false, _, 1) => writeln!(out, "1 write{}.", kept(counts.backups)),
        (false, _, writes) => writeln!(out, "{writes} writes{}.", kept(counts.backups)),
    }
}

/// What a guard refused, and how to allow it.
pub(super) fn write_refusals(out: &mut dyn Write, refusals: &[GuardRefusal]) -> io::Result<()> {
    let red = outcome_style("failed");
    for refusal in refusals {
        writeln!(out, "{red}refused{red:#}  {}", refusal.message)?;
        writeln!(out, "help: {}", refusal.advice)?;
    }
    Ok(())
}

/// How many have no counterpart, if any.
fn write_orphans(out: &mut dyn Write, report: &RunReport) -> io::Result<()> {
    let counts = &report.counts;
    let marked = if report.dry_run { "to mark" } else { "marked now" };
    let parts: Vec<String> = [
        (counts.unseen, "unknown"),
        (counts.absent, "absent"),
        (counts.missing, "missing"),
        (counts.stale, "stale"),
        (counts.marked, marked),
        (counts.healed, "healed"),
        (counts.stray, "stray"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    if parts.is_empty() { Ok(()) } else { writeln!(out, "Without counterpart: {}", parts.join(", ")) }
}

/// How much of what was changed is kept in an archive.
fn kept(backups: usize) -> String {
    match backups {
        0 => String::new(),
        1 => ", 1 archive before".to_owned(),
        backups => format!(", {backups} archives before"),
    }
}
