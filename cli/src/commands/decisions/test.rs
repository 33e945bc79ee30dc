//! `decisions test`: the decisions over fleets, held against the accepted ones.

use std::collections::BTreeSet;
use std::io::{self, Write};

use reconciler_core::decisions::{ChangeKind, DecisionRecord, Difference};
use serde::Serialize;

use super::args::{OneFleet, TestArgs};
use super::{decided, markdown, snapshots, text};
use crate::args::GlobalArgs;
use crate::commands::block_on;
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
    let unreferenced_fleets = snapshots::strays(&args.snapshots, &names)?;
    let mut view = TestView {
        decisions: 0,
        changed: 0,
        not_accepted: 0,
        unreferenced: 0,
        other_opinions: 0,
        fleets: Vec::new(),
        unreferenced_fleets,
        result: "passed",
    };
    for fleet in &fleets {
        let accepted = snapshots::read(&args.snapshots, &fleet.name)?;
        let now = block_on(async |stop| {
            let source = OneFleet { fleet: &fleet.path, catalog: args.fleets.catalog.as_ref() };
            decided::decide(global, source, &args.matching, stop, output).await
        })?;
        let before: Vec<DecisionRecord> = accepted.records.into_values().collect();
        let difference = Difference::between(&before, &now.records);
        let count = |kind| difference.of_kind(kind).count();
        let (new, gone) = (count(ChangeKind::Appeared), count(ChangeKind::Vanished));
        view.decisions += now.records.len();
        view.not_accepted += new;
        view.unreferenced += gone;
        view.changed += difference.changed();
        view.other_opinions += count(ChangeKind::OtherOpinions);
        let (policy, chain) = (now.policy, now.chain);
        view.fleets.push(FleetView { fleet: fleet.name.clone(), policy, chain, difference });
    }
    let stray = view.unreferenced + view.unreferenced_fleets.len() > 0;
    let failed = view.changed + view.not_accepted > 0 || (args.check && stray);
    view.result = if failed { "failed" } else { "passed" };
    output.answer_in_markdown(
        "DecisionTest",
        true,
        &view,
        |out| write_text(out, &view, args),
        |out| write_markdown(out, &view),
    )?;
    Ok(if failed { Exit::BelowFloor } else { Exit::Success })
}

fn write_text(out: &mut dyn Write, view: &TestView, args: &TestArgs) -> io::Result<()> {
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
            args.snapshots.join(name).display()
        )?;
    }
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
        writeln!(out, "accept them with `reconciler decisions accept NAME…`, or all of them with `--all`")?;
    }
    Ok(())
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
    let wanted = |kind| kind != ChangeKind::OtherOpinions;
    let differs = |fleet: &&FleetView| fleet.difference.changes.iter().any(|change| wanted(change.kind));
    for fleet in view.fleets.iter().filter(differs) {
        writeln!(out, "\n`{}`: {}", fleet.fleet, fleet.policy)?;
        markdown::changes(out, &fleet.difference, heading, wanted)?;
    }
    Ok(())
}
