//! Differences of decisions for people.

use std::io::{self, Write};

use reconciler_core::decisions::{Cause, Change, ChangeKind, Difference, Said};

use crate::output::outcome_style;

/// The changes by kind, under headings; only the kinds that are wanted.
pub(super) fn changes(
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
    if !difference.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let (red, green) = (outcome_style("failed"), outcome_style("matched"));
    writeln!(out, "  {}", change.deployment)?;
    if let Some(before) = &change.before {
        writeln!(out, "    {red}- {before}{red:#}")?;
    }
    if let Some(after) = &change.after {
        writeln!(out, "    {green}+ {after}{green:#}")?;
    }
    for cause in &change.causes {
        writeln!(out, "      {}", cause_in_words(cause))?;
    }
    Ok(())
}

/// What made a difference, in a line.
pub(super) fn cause_in_words(cause: &Cause) -> String {
    match cause {
        Cause::Strategy { strategy, before, after } => {
            format!("{strategy}: {} → {}", said(before), said(after))
        }
        Cause::Claim { holder: Some(holder) } => {
            format!("the opinions are the same; `{holder}` claims the same instance")
        }
        Cause::Claim { holder: None } => {
            "the opinions are the same; several deployments claim the same instance".to_owned()
        }
        Cause::Rules => "the opinions are the same; the policy weighs them otherwise".to_owned(),
        _ => "for another reason".to_owned(),
    }
}

fn said(said: &[Said]) -> String {
    if said.is_empty() {
        return "nothing".to_owned();
    }
    said.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}
