//! `decisions diff`: which decisions other rules, or other times, flip.

use std::io::{self, Write};
use std::path::Path;

use clap::Parser as _;
use reconciler_core::decisions::{ChangeKind, DecisionRecord, Difference, SavedDecisions, SavedError};
use reconciler_core::manager::{CancellationToken, Unknown};
use reconciler_core::matching::Policy;
use reconciler_core::model::visible;
use serde::Serialize;

use super::args::{DiffArgs, OneFleet, SecondSide};
use super::decided::{self, Unseen};
use super::past;
use super::source::Source;
use crate::args::{Flags, GlobalArgs, MatchArgs};
use crate::commands::block_on;
use crate::commands::difference::{markdown, text};
use crate::commands::scan::write_unknown;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Comment, Output};

/// One side of the comparison, decided.
struct Side {
    rules: Rules,
    records: Vec<DecisionRecord>,
    /// The policy, if it is known as more than words.
    policy: Option<Policy>,
    unseen: Unseen,
}

/// Where decisions come from, and by which rules.
#[derive(Serialize)]
struct Rules {
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    chain: String,
    strategies: Vec<String>,
}

#[derive(Serialize)]
struct DiffView {
    before: Rules,
    after: Rules,
    flips: usize,
    counts: std::collections::BTreeMap<ChangeKind, usize>,
    /// What could not be read, and so not compared.
    unknown: Vec<Unknown>,
    #[serde(flatten)]
    difference: Difference,
}

pub(super) fn run(global: &GlobalArgs, args: &DiffArgs, output: &mut Output) -> Result<Exit, Failure> {
    let second = second(args)?;
    let (after, rules) = match &second {
        Some(second) => (second.source.as_ref().unwrap_or(&args.before), &second.matching),
        None => (args.after.as_ref().unwrap_or(&args.before), &args.matching),
    };
    // Before anything is decided: a slip of the pen costs no time.
    let [first, second] = [Source::of(&args.before)?, Source::of(after)?];
    let (before, after) = block_on(async |stop| {
        let before = side(global, &first, &second, &args.matching, stop, output).await?;
        let after = side(global, &second, &first, rules, stop, output).await?;
        Ok((before, after))
    })?;
    let mut unseen = before.unseen;
    unseen.extend(after.unseen);
    let [old, new] = [before.records, after.records].map(|records| unseen.without(records));
    let difference = Difference::between(&old, &new).by_policies(before.policy, after.policy);
    let (flips, counts) = (difference.flips(), difference.counts());
    let Unseen { incomplete, unknown } = unseen;
    let view = DiffView { before: before.rules, after: after.rules, flips, counts, unknown, difference };
    let wanted = |kind| args.all || kind != ChangeKind::OtherOpinions;
    output.answer_in_markdown(
        "DecisionDiff",
        !incomplete,
        &view,
        |out| {
            write_rules(out, &view)?;
            text::changes(out, &view.difference, ChangeKind::heading, wanted)?;
            write_unknown(out, &view.unknown)?;
            write_counts(out, &view, wanted)
        },
        |out| write_markdown(out, &view, wanted),
    )?;
    Ok(match (flips > 0 && args.detailed_exitcode, incomplete) {
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

async fn side(
    global: &GlobalArgs,
    source: &Source<'_>,
    other: &Source<'_>,
    matching: &MatchArgs,
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<Side, Failure> {
    match source {
        Source::Fleet(fleet) => {
            let source = OneFleet { fleet, catalog: None };
            let decided = decided::decide(global, source, matching, stop, output).await?;
            let rules = Rules {
                source: fleet.display().to_string(),
                policy: Some(decided.policy.to_string()),
                chain: decided.chain,
                strategies: decided.strategies,
            };
            let (records, policy, unseen) = (decided.records, Some(decided.policy), decided.unseen);
            Ok(Side { rules, records, policy, unseen })
        }
        Source::Saved(file) => {
            let given = file.display().to_string();
            refuse_rules(&given, matching)?;
            let SavedDecisions { chain, policy, strategies, decisions, complete, unknown, .. } = saved(file)?;
            let unknown = unknown.into_iter();
            let unknown = unknown.map(|one| Unknown { deployment: one.deployment, why: one.why }).collect();
            let unseen = unseen(&given, complete, unknown);
            let rules = Rules { source: given, policy, chain, strategies };
            Ok(Side { rules, records: decisions, policy: None, unseen })
        }
        Source::Run(id) => {
            refuse_rules(&format!("run:{id}"), matching)?;
            let fleet = match other {
                Source::Fleet(fleet) => Some(OneFleet { fleet, catalog: None }),
                _ => None,
            };
            let run = past::read(global, id, fleet, stop, output).await?;
            let source = format!("run:{}", run.id);
            let unseen = unseen(&source, run.complete, run.unknown);
            let rules = Rules { source, policy: None, chain: run.chain, strategies: Vec::new() };
            Ok(Side { rules, records: run.records, policy: None, unseen })
        }
    }
}

/// Decisions that were saved in a file.
fn saved(file: &Path) -> Result<SavedDecisions, Failure> {
    let given = file.display();
    let save = "only what `reconciler scan --json` prints is a side, and a capture's `decisions.json`";
    let json = std::fs::read_to_string(file)
        .map_err(|error| Failure::told(format!("{given} cannot be read: {error}"), save))?;
    SavedDecisions::parse(&json).map_err(|error| {
        let advice = match error {
            SavedError::Capture(_) => "capture the fleet again with this version",
            _ => save,
        };
        Failure::told(format!("{given} {}", visible(error.to_string())), advice)
    })
}

/// What was kept of a look that did not see everything. Where that says of no
/// deployment that it could not be read, the look itself is named.
fn unseen(source: &str, complete: bool, mut unknown: Vec<Unknown>) -> Unseen {
    if !complete && unknown.is_empty() {
        let why = "not everything could be seen when this was decided".to_owned();
        unknown.push(Unknown { deployment: source.to_owned(), why });
    }
    Unseen { incomplete: !complete, unknown }
}

/// What was decided once is not decided anew by other rules.
fn refuse_rules(given: &str, matching: &MatchArgs) -> Result<(), Failure> {
    let mut flags = Vec::new();
    matching.add(&mut flags);
    if flags.is_empty() {
        return Ok(());
    }
    Err(Failure::told(
        format!("{given} is not decided anew by other rules"),
        "leave the options out, or put them on the side of a fleet, before or behind `--`",
    ))
}

impl Rules {
    fn in_words(&self) -> String {
        let policy = self.policy.as_deref().map(|policy| format!("{policy}, ")).unwrap_or_default();
        visible(format!("{policy}chain {}", self.chain)).into_owned()
    }
}

fn write_rules(out: &mut dyn Write, view: &DiffView) -> io::Result<()> {
    let widest = view.before.source.chars().count().max(view.after.source.chars().count());
    for (name, rules) in [("before", &view.before), ("after ", &view.after)] {
        writeln!(out, "{name}  {:<widest$}   {}", rules.source, rules.in_words())?;
    }
    for words in other_strategies(view) {
        writeln!(out, "{words}")?;
    }
    Ok(())
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

fn write_counts(out: &mut dyn Write, view: &DiffView, wanted: impl Fn(ChangeKind) -> bool) -> io::Result<()> {
    writeln!(out, "{}", counts_in_words(view))?;
    unlisted(view, wanted).try_for_each(|words| writeln!(out, "{words}"))
}

fn write_markdown(out: &mut Comment, view: &DiffView, wanted: impl Fn(ChangeKind) -> bool + Copy) {
    out.line(format_args!("### {}\n", counts_in_words(view)));
    for (name, rules) in [("before", &view.before), ("after", &view.after)] {
        let source = markdown::code(&rules.source);
        out.line(format_args!("- {name}: {source}, {}", markdown::escaped(&rules.in_words())));
    }
    for words in other_strategies(view).into_iter().chain(unlisted(view, wanted)) {
        out.line(format_args!("- {words}"));
    }
    markdown::unknown(out, &view.unknown);
    markdown::changes(out, &view.difference, ChangeKind::heading, wanted);
}
