//! Differences of decisions as Markdown, for a merge request's comment.

use std::io::{self, Write};

use reconciler_core::decisions::{Change, ChangeKind, Difference};
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
                change.causes.iter().map(|cause| escaped(&cause_in_words(cause, change))).collect();
            writeln!(
                out,
                "| `{}` | {} | {} | {} |",
                change.deployment,
                change.before.as_ref().map(|before| escaped(&before.to_string())).unwrap_or_default(),
                after(change),
                causes.join("<br>")
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

/// How it is decided; an identity that stands in the cell before is not said again.
fn after(change: &Change) -> String {
    let Some(after) = &change.after else { return String::new() };
    let before = change.before.as_ref();
    let is_said = before.is_some_and(|before| before.identity.is_some() && before.identity == after.identity);
    let shown = match (is_said, after.confidence) {
        (true, Some(confidence)) => format!("{}  {confidence}", after.verdict),
        (true, None) => after.verdict.to_string(),
        (false, _) => after.to_string(),
    };
    escaped(&shown)
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
