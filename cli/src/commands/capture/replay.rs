//! `replay`: the decisions of a captured run, made again.

use std::io::{self, Write};
use std::path::Path;

use reconciler_core::matching::{ChangedOutcome, Replay, RuleChange, SavedOutcome};
use reconciler_core::model::DeploymentName;
use serde::Serialize;

use super::ReplayArgs;
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::wiring::{self, CapturedFleet};

/// What counts as the same: the outcomes, by whatever way.
#[derive(Serialize)]
struct ReplayView<'a> {
    folder: &'a Path,
    same: bool,
    captured_by: &'a str,
    captured_complete: bool,
    captured_chain: &'a str,
    chain: String,
    rules: &'a [RuleChange],
    #[serde(flatten)]
    replay: &'a Replay,
}

pub(crate) fn run(global: &GlobalArgs, args: &ReplayArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.matching], output)?;
    block_on(async |stop| {
        let engine = wiring::engine(&settings)?;
        let fleet = CapturedFleet::open(&args.folder)?;
        let replay = fleet.replay(&engine, stop).await?;
        let rules = fleet.rule_changes(&engine);
        let view = ReplayView {
            folder: &args.folder,
            same: replay.is_same(),
            captured_by: &fleet.run.captured_by,
            captured_complete: fleet.run.complete,
            captured_chain: &fleet.run.rules.chain,
            chain: engine.fingerprint().to_string(),
            rules: &rules,
            replay: &replay,
        };
        output.answer("Replay", fleet.run.complete, &view, |out| text(out, &view))?;
        if rules.iter().any(|change| change.after.is_none() && change.what.contains(" script:")) {
            output.note(
                "help: the capture was decided with scripts that are not here; give them with --scripts",
            );
        }
        Ok(if replay.is_same() { Exit::Success } else { Exit::BelowFloor })
    })
}

fn text(out: &mut dyn Write, view: &ReplayView<'_>) -> io::Result<()> {
    for change in view.rules {
        writeln!(out, "rule     {change}")?;
    }
    // Other rules, other opinions: that goes without saying.
    let told = if view.rules.is_empty() { &view.replay.other_way[..] } else { &[] };
    write_changes(out, &view.replay.changed, told)?;
    let Replay { decisions, changed, other_way } = view.replay;
    if !view.captured_complete {
        writeln!(out, "The capture is incomplete: not everything could be seen when it was made.")?;
    }
    let chain = if view.chain == view.captured_chain {
        format!("the same rules, chain {}", view.chain)
    } else {
        format!("chain {}, captured with {}", view.chain, view.captured_chain)
    };
    match changed.len() {
        0 => write!(out, "Same: all {decisions} outcomes")?,
        changed => write!(out, "Different: {changed} of {decisions} outcomes")?,
    }
    if !other_way.is_empty() {
        write!(out, ", {} by another way", other_way.len())?;
    }
    writeln!(out, "; {chain}")
}

/// The deployments of which something else was decided, a line each.
/// Then those of which the same was decided by another way.
pub(super) fn write_changes(
    out: &mut dyn Write,
    changed: &[ChangedOutcome],
    other_way: &[DeploymentName],
) -> io::Result<()> {
    let shown =
        |outcome: Option<&SavedOutcome>| outcome.map_or_else(|| "not there".to_owned(), ToString::to_string);
    for change in changed {
        let red = outcome_style("wrong");
        let (before, after) = (shown(change.before.as_ref()), shown(change.after.as_ref()));
        writeln!(out, "{red}changed{red:#}  {}: {before} -> {after}", change.deployment)?;
    }
    for deployment in other_way {
        writeln!(out, "way      {deployment}: the same, by other opinions or another confidence")?;
    }
    Ok(())
}
