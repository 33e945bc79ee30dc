//! `decisions test`: the decisions over fleets, held against the accepted ones.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use reconciler_core::decisions::{ChangeKind, Difference};
use reconciler_core::manager::Unknown;
use serde::Serialize;

use super::args::{OneFleet, SNAPSHOTS, TestArgs};
use super::{decided, snapshots};
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::commands::difference::{markdown, text};
use crate::commands::scan::write_unknown;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};

#[derive(Serialize)]
struct TestView {
    /// How many decisions were made.
    decisions: usize,
    changed: usize,
    not_accepted: usize,
    unreferenced: usize,
    /// Decided as accepted, from other opinions: told, and no failure.
    other_opinions: usize,
    fleets: Vec<FleetView>,
    /// Folders of accepted decisions that belong to no fleet.
    unreferenced_fleets: Vec<String>,
    /// What else is in the folder and holds no group's decisions.
    stray_files: Vec<String>,
    /// What could not be read, and so not tested.
    unknown: Vec<Unknown>,
    result: &'static str,
}

#[derive(Serialize)]
struct FleetView {
    fleet: String,
    policy: String,
    chain: String,
    #[serde(flatten)]
    difference: Difference,
}

pub(super) fn run(global: &GlobalArgs, args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let fleets = decided::named(global, &args.fleets, output)?;
    let names: BTreeSet<&str> = fleets.iter().map(|fleet| fleet.name.as_str()).collect();
    let unreferenced_fleets = snapshots::strays(args.snapshots(), &names)?;
    let mut view = TestView {
        decisions: 0,
        changed: 0,
        not_accepted: 0,
        unreferenced: 0,
        other_opinions: 0,
        fleets: Vec::new(),
        unreferenced_fleets,
        stray_files: snapshots::stray_files(args.snapshots())?,
        unknown: Vec::new(),
        result: "passed",
    };
    let mut incomplete = false;
    for fleet in &fleets {
        let accepted = snapshots::read(args.snapshots(), &fleet.name)?;
        let now = block_on(async |stop| {
            let source = OneFleet { fleet: &fleet.path, catalog: args.fleets.catalog.as_ref() };
            decided::decide(global, source, &args.matching, stop, output).await
        })?;
        view.stray_files.extend(snapshots::no_groups(
            args.snapshots(),
            &fleet.name,
            &accepted,
            &now.catalog,
        )?);
        let before = now.unseen.without(accepted.records.into_values());
        let records = now.unseen.without(now.records);
        let difference = Difference::between(&before, &records).by_policies(None, Some(now.policy));
        let count = |kind| difference.of_kind(kind).count();
        let (new, gone) = (count(ChangeKind::Appeared), count(ChangeKind::Vanished));
        view.decisions += records.len();
        view.not_accepted += new;
        view.unreferenced += gone;
        view.changed += difference.changed();
        view.other_opinions += count(ChangeKind::OtherOpinions);
        incomplete |= now.unseen.incomplete;
        view.unknown.extend(now.unseen.unknown);
        let (policy, chain) = (now.policy.to_string(), now.chain);
        view.fleets.push(FleetView { fleet: fleet.name.clone(), policy, chain, difference });
    }
    let stray = view.unreferenced + view.unreferenced_fleets.len() + view.stray_files.len() > 0;
    let failed = view.changed + view.not_accepted > 0 || (args.check && stray);
    view.result = match (failed, incomplete) {
        (true, _) => "failed",
        (false, true) => "incomplete",
        (false, false) => "passed",
    };
    output.answer_in_markdown(
        "DecisionTest",
        !incomplete,
        &view,
        |out| write_text(out, &view, global, args),
        |out| write_markdown(out, &view),
    )?;
    Ok(match view.result {
        "failed" => Exit::BelowFloor,
        "incomplete" => Exit::Incomplete,
        _ => Exit::Success,
    })
}

fn write_text(out: &mut dyn Write, view: &TestView, global: &GlobalArgs, args: &TestArgs) -> io::Result<()> {
    let wanted = |kind| args.all || kind != ChangeKind::OtherOpinions;
    for fleet in &view.fleets {
        if !fleet.difference.changes.iter().any(|change| wanted(change.kind)) {
            continue;
        }
        writeln!(out, "{}   {}   chain {}", fleet.fleet, fleet.policy, fleet.chain)?;
        text::changes(out, &fleet.difference, heading, wanted)?;
    }
    for name in &view.unreferenced_fleets {
        writeln!(
            out,
            "accepted decisions of no fleet that was given: {}",
            args.snapshots().join(name).display()
        )?;
    }
    for file in &view.stray_files {
        writeln!(out, "no file of accepted decisions: {file}")?;
    }
    write_unknown(out, &view.unknown)?;
    let style = outcome_style(if view.result == "passed" { "matched" } else { "failed" });
    let TestView { decisions, changed, not_accepted, unreferenced, other_opinions, result, .. } = view;
    writeln!(
        out,
        "{decisions} decisions: {changed} changed, {not_accepted} not accepted, {unreferenced} unreferenced: {style}{result}{style:#}"
    )?;
    if *other_opinions > 0 && !args.all {
        writeln!(out, "decided as accepted, from other opinions: {other_opinions}; `--all` lists them")?;
    }
    if changed + not_accepted + unreferenced > 0 {
        writeln!(out, "accept all of them, or only some by NAME instead of --all:")?;
        writeln!(out, "  {}", accept_line(global, args))?;
    }
    Ok(())
}

/// The command line that accepts what was decided just now: by the same rules.
fn accept_line(global: &GlobalArgs, args: &TestArgs) -> String {
    let mut words: Vec<String> = ["reconciler", "decisions", "accept", "--all"].map(str::to_owned).into();
    let mut path = |flag: &str, path: &Path| words.extend([flag.to_owned(), path.display().to_string()]);
    if args.snapshots() != Path::new(SNAPSHOTS) {
        path("--snapshots", args.snapshots());
    }
    args.fleets.fleets.iter().for_each(|fleet| path("--fleet", fleet));
    args.fleets.catalog.iter().for_each(|catalog| path("--catalog", catalog));
    global.config_flag().into_iter().for_each(|config| path("--config", config));
    words.extend(args.matching.rules());
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What a test calls each kind of change.
fn heading(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Appeared => "not accepted",
        ChangeKind::Vanished => "accepted, and not there",
        other => other.heading(),
    }
}

fn write_markdown(out: &mut dyn Write, view: &TestView) -> io::Result<()> {
    let TestView { decisions, changed, not_accepted, unreferenced, result, .. } = view;
    writeln!(out, "### Decisions {result}\n")?;
    writeln!(
        out,
        "{decisions} decisions: {changed} changed, {not_accepted} not accepted, {unreferenced} unreferenced."
    )?;
    markdown::unknown(out, &view.unknown)?;
    let wanted = |kind| kind != ChangeKind::OtherOpinions;
    let differs = |fleet: &&FleetView| fleet.difference.changes.iter().any(|change| wanted(change.kind));
    for fleet in view.fleets.iter().filter(differs) {
        writeln!(out, "\n`{}`: {}", fleet.fleet, fleet.policy)?;
        markdown::changes(out, &fleet.difference, heading, wanted)?;
    }
    Ok(())
}
