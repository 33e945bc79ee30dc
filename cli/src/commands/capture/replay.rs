//! `replay`: the decisions of a captured run, made again.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use reconciler_core::decisions::{ChangeKind, Difference};
use reconciler_core::matching::RuleChange;
use reconciler_core::model::visible;
use serde::Serialize;

use super::ReplayArgs;
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::commands::difference::{markdown, text};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Comment, Output};
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
    /// How many decisions were captured.
    decisions: usize,
    counts: BTreeMap<ChangeKind, usize>,
    #[serde(flatten)]
    difference: &'a Difference,
}

pub(crate) fn run(global: &GlobalArgs, args: &ReplayArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.matching], output)?;
    block_on(async |stop| {
        let engine = wiring::engine(&settings)?;
        let fleet = CapturedFleet::open(&args.folder)?;
        let difference = fleet.replay(&engine, stop).await?;
        let rules = fleet.rule_changes(&engine);
        let view = ReplayView {
            folder: &args.folder,
            same: difference.other_outcomes() == 0,
            captured_by: &fleet.run.captured_by,
            captured_complete: fleet.run.complete,
            captured_chain: &fleet.run.rules.chain,
            chain: engine.fingerprint().to_string(),
            rules: &rules,
            decisions: fleet.run.decisions.len(),
            counts: difference.counts(),
            difference: &difference,
        };
        let complete = fleet.run.complete;
        output.answer_in_markdown(
            "Replay",
            complete,
            &view,
            |out| write_text(out, &view),
            |out| write_markdown(out, &view),
        )?;
        if rules.iter().any(|change| change.after.is_none() && change.what.contains(" script:")) {
            output.note(
                "help: the capture was decided with scripts that are not here; give them with --scripts",
            );
        }
        Ok(match (view.same, complete) {
            (false, _) => Exit::BelowFloor,
            (true, false) => Exit::Incomplete,
            (true, true) => Exit::Success,
        })
    })
}

impl ReplayView<'_> {
    /// By other rules other opinions go without saying.
    fn tells(&self, kind: ChangeKind) -> bool {
        let same_outcome = matches!(kind, ChangeKind::OtherConfidence | ChangeKind::OtherOpinions);
        self.rules.is_empty() || !same_outcome
    }

    fn in_words(&self) -> String {
        let decisions = self.decisions;
        let mut words = match self.difference.other_outcomes() {
            0 => format!("Same: all {decisions} outcomes"),
            other => format!("Different: {other} of {decisions} outcomes"),
        };
        let other_way = self.difference.changes.len() - self.difference.other_outcomes();
        if other_way > 0 {
            words.push_str(&format!(", {other_way} by another way"));
        }
        words
    }

    fn chain_in_words(&self) -> String {
        if self.chain == self.captured_chain {
            format!("the same rules, chain {}", self.chain)
        } else {
            format!("chain {}, captured with {}", self.chain, visible(self.captured_chain))
        }
    }
}

/// Said of a capture that is not the whole fleet.
const INCOMPLETE: &str = "The capture is incomplete: not everything could be seen when it was made.";

fn write_text(out: &mut dyn Write, view: &ReplayView<'_>) -> io::Result<()> {
    for change in view.rules {
        writeln!(out, "rule  {change}")?;
    }
    text::changes(out, view.difference, ChangeKind::heading, |kind| view.tells(kind))?;
    if !view.captured_complete {
        writeln!(out, "{INCOMPLETE}")?;
    }
    writeln!(out, "{}; {}", view.in_words(), view.chain_in_words())
}

fn write_markdown(out: &mut Comment, view: &ReplayView<'_>) {
    out.line(format_args!("### {}\n", view.in_words()));
    let folder = markdown::code(&view.folder.display().to_string());
    out.line(format_args!("{folder}: {}", markdown::escaped(&view.chain_in_words())));
    let rules = view.rules.iter().map(|change| markdown::escaped(&change.to_string()));
    markdown::list(out, "rules that differ", rules);
    if !view.captured_complete {
        out.line(format_args!("\n{INCOMPLETE}"));
    }
    markdown::changes(out, view.difference, ChangeKind::heading, |kind| view.tells(kind));
}
