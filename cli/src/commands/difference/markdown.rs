//! Differences of decisions as Markdown, for a merge request's comment.

use std::io::{self, Write};

use reconciler_core::decisions::{ChangeKind, DecisionRecord, Difference};
use reconciler_core::manager::Unknown;

use super::cause_in_words;

/// The changes by kind, a table each; only the kinds that are wanted.
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
        writeln!(out, "\n#### {} ({count})\n", heading(kind))?;
        writeln!(out, "| deployment | before | after | because |\n|---|---|---|---|")?;
        for change in difference.of_kind(kind) {
            let causes: Vec<String> =
                change.causes.iter().map(|cause| cause_in_words(cause, change)).collect();
            writeln!(
                out,
                "| `{}` | {} | {} | {} |",
                change.deployment,
                cell(change.before.as_ref()),
                cell(change.after.as_ref()),
                escaped(&causes.join("; "))
            )?;
        }
    }
    Ok(())
}

/// What could not be read, and so not compared.
pub(in crate::commands) fn unknown(out: &mut dyn Write, unknown: &[Unknown]) -> io::Result<()> {
    if !unknown.is_empty() {
        writeln!(out, "\nunknown, for it could not be read:\n")?;
    }
    for one in unknown {
        writeln!(out, "- `{}`: {}", one.deployment, escaped(&one.why))?;
    }
    Ok(())
}

fn cell(record: Option<&DecisionRecord>) -> String {
    record.map(|record| escaped(&record.to_string())).unwrap_or_default()
}

/// A text that cannot break a table, nor be taken for markup.
pub(in crate::commands) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => escaped.push(' '),
            '|' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '\\' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}
