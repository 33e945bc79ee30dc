//! Differences of decisions for people.

use std::io::{self, Write};

use reconciler_core::decisions::{Cause, Change, ChangeKind, DecisionRecord, Difference, Said};
use reconciler_core::model::Identity;

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

/// What made a difference, in a line; the identity that stands above is not said
/// again.
pub(super) fn cause_in_words(cause: &Cause, change: &Change) -> String {
    let identity = |record: &Option<DecisionRecord>| record.as_ref().and_then(|one| one.identity.clone());
    let known = match (identity(&change.before), identity(&change.after)) {
        (Some(before), Some(after)) if before != after => None,
        (before, after) => before.or(after),
    };
    match cause {
        Cause::Strategy { strategy, before, after } => {
            format!("{strategy}: {} → {}", said(before, known.as_ref()), said(after, known.as_ref()))
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

fn said(said: &[Said], known: Option<&Identity>) -> String {
    if said.is_empty() {
        return "nothing".to_owned();
    }
    said.iter().map(|one| one.in_words(known)).collect::<Vec<_>>().join(" and ")
}
