//! Differences of decisions as Markdown, for a merge request's comment.

use reconciler_core::decisions::{Change, ChangeKind, Difference};
use reconciler_core::manager::Unknown;
use reconciler_core::model::visible;
use reconciler_core::model::visible::is_unseen;

use super::cause_in_words;
use crate::output::Comment;

/// The changes by kind, a table each; only the kinds that are wanted.
pub(in crate::commands) fn changes(
    out: &mut Comment,
    difference: &Difference,
    heading: impl Fn(ChangeKind) -> &'static str,
    wanted: impl Fn(ChangeKind) -> bool,
) {
    for (kind, count) in difference.counts() {
        if !wanted(kind) {
            continue;
        }
        out.line(format_args!("\n#### {} ({count})\n", heading(kind)));
        out.line("| deployment | before | after | because |\n|---|---|---|---|");
        for change in difference.of_kind(kind) {
            let causes: Vec<String> =
                change.causes.iter().map(|cause| escaped(&cause_in_words(cause, change))).collect();
            out.item(format_args!(
                "| `{}` | {} | {} | {} |",
                change.deployment,
                change.before.as_ref().map(|before| escaped(&before.to_string())).unwrap_or_default(),
                after(change),
                causes.join("<br>")
            ));
        }
    }
}

/// What could not be read, and so not compared.
pub(in crate::commands) fn unknown(out: &mut Comment, unknown: &[Unknown]) {
    let unknown = unknown.iter().map(|one| format!("{}: {}", code(&one.deployment), escaped(&one.why)));
    list(out, "unknown, for it could not be read", unknown);
}

/// A list with what it is a list of; nothing if it is empty.
pub(in crate::commands) fn list(out: &mut Comment, heading: &str, items: impl IntoIterator<Item = String>) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_some() {
        out.line(format_args!("\n{heading}:\n"));
    }
    items.for_each(|item| out.item(format_args!("- {item}")));
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
    prose(text).replace('`', "\\`")
}

/// The same for a sentence that names things between backticks.
pub(in crate::commands) fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => escaped.push(' '),
            '|' | '*' | '_' | '<' | '>' | '[' | ']' | '\\' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if is_unseen(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A path, a name or a command between backticks, whatever is in it.
pub(in crate::commands) fn code(text: &str) -> String {
    let text = visible(text);
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
