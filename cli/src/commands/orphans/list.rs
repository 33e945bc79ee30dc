//! `orphans list`: missing and stray apart, each with what speaks for it and
//! what to do.

use std::io::{self, Write};

use reconciler_core::manager::{AbsentInstance, EntryState, OrphanReport, StrayDeployment};

use super::args::ListArgs;
use crate::commands::run::write_refusals;
use crate::commands::scan::{write_findings, write_unknown};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};

pub(super) fn answer(report: &OrphanReport, args: &ListArgs, output: &mut Output) -> Result<Exit, Failure> {
    output.answer("Orphans", report.complete, report, |out| text(out, report))?;
    let is_missing = |one: &AbsentInstance| matches!(one.state, EntryState::Missing | EntryState::Stale);
    let found = !report.strays.is_empty() || report.absent.iter().any(is_missing);
    if !report.refusals.is_empty() {
        return Ok(Exit::Refused);
    }
    Ok(match (report.complete, found && !args.exit_zero) {
        // A list that may lack something is never the whole answer.
        (false, _) => Exit::Incomplete,
        (true, true) => Exit::OrphansFound,
        (true, false) => Exit::Success,
    })
}

fn text(out: &mut dyn Write, report: &OrphanReport) -> io::Result<()> {
    if !report.absent.is_empty() {
        let mut table = Table::new(["Entry", "Plan", "State", "Age", "Evidence", "Next step"]);
        report.absent.iter().for_each(|absent| table.row(absent_row(absent)));
        table.print(out)?;
        writeln!(out)?;
    }
    if !report.strays.is_empty() {
        let mut table = Table::new(["Deployment", "Plan", "State", "Age", "Evidence", "Next step"]);
        report.strays.iter().for_each(|stray| table.row(stray_row(stray)));
        table.print(out)?;
        writeln!(out)?;
    }
    write_findings(out, report.findings.iter())?;
    write_unknown(out, &report.unknown)?;
    write_refusals(out, &report.refusals)?;
    let counts = &report.counts;
    let unknown = report.absent.iter().filter(|one| one.state == EntryState::Unknown).count();
    write!(out, "{} missing, {} stale, {} absent, ", counts.missing, counts.stale, counts.absent)?;
    if unknown > 0 {
        write!(out, "{unknown} unknown, ")?;
    }
    writeln!(out, "{} stray", counts.stray)
}

fn absent_row(absent: &AbsentInstance) -> [String; 6] {
    let waiting = absent.waiting.as_ref().map(ToString::to_string);
    let evidence: Vec<String> = absent.evidence.iter().cloned().chain(waiting).collect();
    [
        absent.instance.clone(),
        absent.plan.clone().unwrap_or_else(|| "-".to_owned()),
        absent.state.name().to_owned(),
        age(absent.age_seconds),
        evidence.join("; "),
        absent.next_step.clone(),
    ]
}

fn stray_row(stray: &StrayDeployment) -> [String; 6] {
    let creator = stray.created_by.as_ref().map(|by| format!("created by {by}"));
    let evidence: Vec<String> = stray.evidence.iter().cloned().chain(creator).collect();
    [
        stray.deployment.clone(),
        stray.plan.clone().unwrap_or_else(|| "-".to_owned()),
        "stray".to_owned(),
        age(stray.age_seconds),
        evidence.join("; "),
        stray.next_step.clone(),
    ]
}

/// A time that has passed, in its two largest units.
fn age(seconds: Option<i64>) -> String {
    let Some(seconds) = seconds else { return "-".to_owned() };
    let minutes = seconds.max(0) / 60;
    let (days, hours) = (minutes / 1440, minutes / 60 % 24);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, hours) => format!("{hours}h{:02}m", minutes % 60),
        (days, hours) if days < 7 => format!("{days}d{hours:02}h"),
        (days, _) => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages_are_told_in_their_two_largest_units() {
        let cases =
            [(-5, "0m"), (59, "0m"), (720, "12m"), (11_520, "3h12m"), (93_600, "1d02h"), (2_678_400, "31d")];
        for (seconds, text) in cases {
            assert_eq!(age(Some(seconds)), text);
        }
        assert_eq!(age(None), "-");
    }
}
