//! `decisions diff`: which decisions other rules, or other times, flip.

use std::collections::BTreeMap;

use clap::Parser as _;
use reconciler_core::decisions::{ChangeKind, Difference};
use reconciler_core::manager::Unknown;
use reconciler_core::matching::{RuleChange, Rules};
use serde::Serialize;

use super::args::{DiffArgs, SecondSide};
use super::decided::Unseen;
use super::diff_text::{write_markdown, write_text};
use super::side::{self, Origin, Side};
use super::source::Source;
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
pub(super) struct DiffView {
    pub(super) before: Origin,
    pub(super) after: Origin,
    /// Whether both sides were decided by the same index, if that is known.
    pub(super) same_index: Option<bool>,
    /// In what the rules differ, as far as they are known.
    pub(super) rules: Vec<RuleChange>,
    pub(super) flips: usize,
    pub(super) counts: BTreeMap<ChangeKind, usize>,
    /// What could not be read, and so not compared.
    pub(super) unknown: Vec<Unknown>,
    #[serde(flatten)]
    pub(super) difference: Difference,
}

impl DiffView {
    /// Compares two sides in what could be read on both.
    fn between(before: Side, after: Side) -> (Self, bool) {
        let policies = [before.policy(), after.policy()];
        let rules = Option::zip(before.rules.as_ref(), after.rules.as_ref());
        let rules = rules.map(|(old, new)| Rules::changes_to(old, new)).unwrap_or_default();
        let mut unseen = before.unseen;
        unseen.extend(after.unseen);
        let [old, new] = [before.records, after.records].map(|records| unseen.without(records));
        let difference = Difference::between(&old, &new).by_policies(policies[0], policies[1]);
        let (before, after) = (before.origin, after.origin);
        let Unseen { incomplete, unknown } = unseen;
        let view = Self {
            same_index: Option::zip(before.index.as_ref(), after.index.as_ref()).map(|(old, new)| old == new),
            rules,
            flips: difference.flips(),
            counts: difference.counts(),
            unknown,
            before,
            after,
            difference,
        };
        (view, incomplete)
    }
}

pub(super) fn run(global: &GlobalArgs, args: &DiffArgs, output: &mut Output) -> Result<Exit, Failure> {
    let second = second(args)?;
    let (after, rules) = match &second {
        Some(second) => (second.source.as_ref().unwrap_or(&args.before), &second.matching),
        None => (args.after.as_ref().unwrap_or(&args.before), &args.matching),
    };
    // Before anything is decided: a slip of the pen costs no time.
    let [first, second] = [Source::of(&args.before)?, Source::of(after)?];
    let [before, after] = block_on(async |stop| {
        side::both(global, [&first, &second], [&args.matching, rules], stop, output).await
    })?;
    let (view, incomplete) = DiffView::between(before, after);
    output.answer_in_markdown(
        "DecisionDiff",
        !incomplete,
        &view,
        |out| write_text(out, &view, args.all),
        |out| write_markdown(out, &view, args.all),
    )?;
    Ok(match (view.flips > 0 && args.detailed_exitcode, incomplete) {
        (true, _) => Exit::BelowFloor,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Success,
    })
}

/// What stands behind `--`.
fn second(args: &DiffArgs) -> Result<Option<SecondSide>, Failure> {
    if args.second.is_empty() {
        return Ok(None);
    }
    if let Some(after) = &args.after {
        return Err(Failure::told(
            format!("the second side is given twice: `{after}`, and behind `--`"),
            "leave one of them out",
        ));
    }
    let parsed = SecondSide::try_parse_from(&args.second).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Failure::told(
            format!("the second side: {first}"),
            "behind `--` stand what is decided and the options under `How deployments are decided`; put every \
             other option, such as --format, before `--`",
        )
    })?;
    Ok(Some(parsed))
}
