//! What `decisions test` found, for people and for a merge request's comment. Both
//! tell the same.

use std::io::{self, Write};

use reconciler_core::decisions::ChangeKind;
use reconciler_core::model::visible;

use super::args::TestArgs;
use super::test::TestView;
use crate::commands::difference::{markdown, text};
use crate::commands::scan::write_unknown;
use crate::output::{Comment, outcome_style};

/// What is said above the command line that accepts.
const HOW_TO_ACCEPT: &str = "accept all of them, or only some by NAME instead of --all:";

pub(super) fn write(out: &mut dyn Write, view: &TestView, args: &TestArgs) -> io::Result<()> {
    let wanted = wanted(args);
    for fleet in &view.fleets {
        if !fleet.difference.changes.iter().any(|change| wanted(change.kind)) {
            continue;
        }
        writeln!(out, "{}   {}   chain {}", fleet.fleet, fleet.policy, fleet.chain)?;
        text::changes(out, &fleet.difference, heading, wanted)?;
    }
    for (what, places) in strays(view, args) {
        places.iter().try_for_each(|place| writeln!(out, "{what}: {}", visible(place)))?;
    }
    write_unknown(out, &view.unknown)?;
    let result = view.result;
    let style = outcome_style(if result == "passed" { "matched" } else { "failed" });
    writeln!(out, "{}: {style}{result}{style:#}", counts(view))?;
    if let Some(words) = unlisted(view, args) {
        writeln!(out, "{words}")?;
    }
    match &view.accept {
        Some(line) => writeln!(out, "{HOW_TO_ACCEPT}\n  {line}"),
        None => Ok(()),
    }
}

/// What matters most comes first: a comment may be cut.
pub(super) fn write_markdown(out: &mut Comment, view: &TestView, args: &TestArgs) {
    out.line(format_args!("### Decisions {}\n\n{}", view.result, counts(view)));
    if let Some(words) = unlisted(view, args) {
        out.line(format_args!("\n{words}"));
    }
    if let Some(line) = &view.accept {
        out.line(format_args!("\n{HOW_TO_ACCEPT}\n\n```sh\n{line}\n```"));
    }
    for (what, places) in strays(view, args) {
        markdown::list(out, what, places.iter().map(|place| markdown::code(place)));
    }
    markdown::unknown(out, &view.unknown);
    let wanted = wanted(args);
    for fleet in &view.fleets {
        if fleet.difference.changes.iter().any(|change| wanted(change.kind)) {
            let (name, policy) = (markdown::code(&fleet.fleet), markdown::escaped(&fleet.policy));
            out.line(format_args!("\n{name}: {policy}, chain {}", fleet.chain));
            markdown::changes(out, &fleet.difference, heading, wanted);
        }
    }
}

fn wanted(args: &TestArgs) -> impl Fn(ChangeKind) -> bool + Copy {
    let all = args.all;
    move |kind| all || kind != ChangeKind::OtherOpinions
}

/// What a test calls each kind of change.
fn heading(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Appeared => "not accepted",
        ChangeKind::Vanished => "accepted, and not there",
        other => other.heading(),
    }
}

/// What stands in the folder and belongs to no decision, each kind with its name.
fn strays(view: &TestView, args: &TestArgs) -> [(&'static str, Vec<String>); 3] {
    let folder = |fleet: &String| args.snapshots().join(fleet).display().to_string();
    [
        (
            "accepted decisions of no fleet that was given",
            view.unreferenced_fleets.iter().map(folder).collect(),
        ),
        ("accepted decisions in a file of another name than their group's", view.misplaced_files.clone()),
        ("no file of accepted decisions", view.stray_files.clone()),
    ]
}

/// The counts; of strays only if there are any.
fn counts(view: &TestView) -> String {
    let TestView { decisions, changed, not_accepted, unreferenced, .. } = view;
    let mut words = format!(
        "{decisions} decisions: {changed} changed, {not_accepted} not accepted, {unreferenced} unreferenced"
    );
    for (count, what) in [
        (view.unreferenced_fleets.len(), "unreferenced fleets"),
        (view.misplaced_files.len(), "misplaced files"),
        (view.stray_files.len(), "stray files"),
        (view.unknown.len(), "unknown"),
    ] {
        if count > 0 {
            words.push_str(&format!(", {count} {what}"));
        }
    }
    words
}

/// What is not listed unless one asks for all.
fn unlisted(view: &TestView, args: &TestArgs) -> Option<String> {
    let count = view.other_opinions;
    let is_told = count > 0 && !args.all;
    is_told.then(|| format!("decided as accepted, from other opinions: {count}; `--all` lists them"))
}
