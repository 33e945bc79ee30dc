//! Differences of decisions for people.

use std::io::{self, Write};

use reconciler_core::decisions::{Change, ChangeKind, Difference};

use super::cause_in_words;
use crate::output::outcome_style;

/// The changes by kind, under headings; only the kinds that are wanted.
pub(in crate::commands) fn changes(
    out: &mut dyn Write,
    difference: &Difference,
    heading: impl Fn(ChangeKind) -> &'static str,
    wanted: impl Fn(ChangeKind) -> bool,
) -> io::Result<()> {
    for (kind, count) in difference.counts() {
        if !wanted(kind) {
            continue;
        }
        writeln!(out, "\n{} ({count})", heading(kind))?;
        for change in difference.of_kind(kind) {
            one(out, change)?;
        }
    }
    if difference.changes.iter().any(|change| wanted(change.kind)) {
        writeln!(out)?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let (red, green) = (outcome_style("failed"), outcome_style("matched"));
    writeln!(out, "  {}", change.deployment)?;
    if let (ChangeKind::OtherOpinions, Some(after)) = (change.kind, &change.after) {
        writeln!(out, "    = {after}")?;
    } else if let Some(before) = &change.before {
        writeln!(out, "    {red}- {before}{red:#}")?;
    }
    if let Some(after) = change.after.as_ref().filter(|_| change.kind != ChangeKind::OtherOpinions) {
        writeln!(out, "    {green}+ {after}{green:#}")?;
    }
    for cause in &change.causes {
        writeln!(out, "      {}", cause_in_words(cause, change))?;
    }
    Ok(())
}
