//! What `decisions diff` says, for people and for comments.

use std::io::{self, Write};

use reconciler_core::decisions::ChangeKind;
use reconciler_core::matching::RuleChange;
use reconciler_core::model::visible;

use super::diff::DiffView;
use super::side::Origin;
use crate::commands::difference::{markdown, text};
use crate::commands::scan::write_unknown;
use crate::output::Comment;

/// Whether a kind of change is listed.
fn wanted(all: bool) -> impl Fn(ChangeKind) -> bool + Copy {
    move |kind| all || kind != ChangeKind::OtherOpinions
}

/// The difference for people.
pub(super) fn write_text(out: &mut dyn Write, view: &DiffView, all: bool) -> io::Result<()> {
    write_origins(out, view)?;
    text::changes(out, &view.difference, ChangeKind::heading, wanted(all))?;
    write_unknown(out, &view.unknown)?;
    writeln!(out, "{}", counts_in_words(view))?;
    unlisted(view, wanted(all)).try_for_each(|words| writeln!(out, "{words}"))
}

fn write_origins(out: &mut dyn Write, view: &DiffView) -> io::Result<()> {
    let widest = view.before.source.chars().count().max(view.after.source.chars().count());
    for (name, origin) in [("before", &view.before), ("after ", &view.after)] {
        writeln!(out, "{name}  {:<widest$}   {}", origin.source, origin.in_words())?;
    }
    for words in grounds(view) {
        writeln!(out, "{words}")?;
    }
    Ok(())
}

/// In what the grounds of the sides differ, and what is not known of them.
fn grounds(view: &DiffView) -> Vec<String> {
    // One line tells of all the strategies that only one side has.
    let told = |change: &&RuleChange| change.before.is_some() && change.after.is_some();
    let rules = view.rules.iter().filter(told).map(|change| format!("rule  {change}"));
    let mut words: Vec<String> = rules.chain(other_strategies(view)).collect();
    words.extend(other_index(view));
    let sides = [&view.before, &view.after];
    let compact = sides.into_iter().find(|side| !side.opinions && !view.difference.is_empty());
    words = words.into_iter().map(|line| visible(line).into_owned()).collect();
    words.extend(compact.map(|side| {
        format!("{} kept no opinions: which strategies made a difference is not known", side.source)
    }));
    words
}

/// That the sides were decided by different indexes, or may have been.
fn other_index(view: &DiffView) -> Option<String> {
    let [before, after] = [&view.before, &view.after];
    match (&before.index, &after.index) {
        (Some(old), Some(new)) if old != new => Some(format!(
            "index {old} -> {new}: the sides were decided by different indexes, which may make a difference \
             by itself"
        )),
        (Some(_), Some(_)) => None,
        (None, _) => Some(index_unknown(before)),
        (_, None) => Some(index_unknown(after)),
    }
}

fn index_unknown(side: &Origin) -> String {
    format!("index unknown: {} does not say by which one it was decided; it may be another", side.source)
}

/// Which strategies only one side has, as far as they are known of both.
fn other_strategies(view: &DiffView) -> Vec<String> {
    let [before, after] = [&view.before.strategies, &view.after.strategies];
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let lacks = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|id| !b.contains(id)).cloned().collect()
    };
    let both = [("without", lacks(before, after)), ("with", lacks(after, before))];
    let told = both.into_iter().filter(|(_, ids)| !ids.is_empty());
    told.map(|(what, ids)| format!("now {what} {}", visible(ids.join(", ")))).collect()
}

fn counts_in_words(view: &DiffView) -> String {
    let count = |kind| view.difference.of_kind(kind).count();
    let (new, gone) = (count(ChangeKind::Appeared), count(ChangeKind::Vanished));
    let DiffView { flips, difference, .. } = view;
    let mut words = format!("{flips} of {} compared deployments flip", difference.compared);
    if new + gone > 0 {
        words.push_str(&format!(", {new} new, {gone} gone"));
    }
    if !view.unknown.is_empty() {
        words.push_str(&format!(", {} unknown", view.unknown.len()));
    }
    words
}

/// What is not listed unless one asks for all.
fn unlisted(view: &DiffView, wanted: impl Fn(ChangeKind) -> bool) -> impl Iterator<Item = String> {
    let counts = view.counts.iter().filter(move |(kind, _)| !wanted(**kind));
    counts.map(|(kind, count)| format!("{}: {count}; `--all` lists them", kind.heading()))
}

/// The difference for a comment.
pub(super) fn write_markdown(out: &mut Comment, view: &DiffView, all: bool) {
    let wanted = wanted(all);
    out.line(format_args!("### {}\n", counts_in_words(view)));
    for (name, origin) in [("before", &view.before), ("after", &view.after)] {
        let source = markdown::code(&origin.source);
        out.line(format_args!("- {name}: {source}, {}", markdown::escaped(&origin.in_words())));
    }
    for words in grounds(view).into_iter().chain(unlisted(view, wanted)) {
        out.line(format_args!("- {}", markdown::prose(&words)));
    }
    markdown::unknown(out, &view.unknown);
    markdown::changes(out, &view.difference, ChangeKind::heading, wanted);
}
