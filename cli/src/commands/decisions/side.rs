//! One side of `decisions diff`: where its decisions come from, and by what they
//! were made.

use std::path::Path;

use reconciler_core::decisions::{DecisionRecord, SavedDecisions, SavedError};
use reconciler_core::manager::{CancellationToken, Unknown};
use reconciler_core::matching::{Policy, Rules};
use reconciler_core::model::visible;
use serde::Serialize;

use super::args::OneFleet;
use super::decided::{self, ByIndex, Unseen};
use super::past;
use super::source::Source;
use crate::args::{Flags, GlobalArgs, MatchArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring;

/// One side of the comparison, decided.
pub(super) struct Side {
    pub(super) origin: Origin,
    pub(super) records: Vec<DecisionRecord>,
    /// The rules, if all of them are known.
    pub(super) rules: Option<Rules>,
    pub(super) unseen: Unseen,
}

/// Where decisions come from, and by what they were made.
#[derive(Serialize)]
pub(super) struct Origin {
    pub(super) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<String>,
    pub(super) chain: String,
    pub(super) strategies: Vec<String>,
    /// The fingerprint of the index that they were made by, if it is known.
    pub(super) index: Option<String>,
    /// Whether it was kept who said what.
    pub(super) opinions: bool,
}

impl Side {
    /// The policy, if it is known as more than words.
    pub(super) fn policy(&self) -> Option<Policy> {
        self.rules.as_ref().and_then(Rules::as_policy)
    }
}

impl Origin {
    /// Of decisions made by rules of which all is known.
    fn by(rules: &Rules, source: String, index: Option<String>) -> Self {
        Self {
            source,
            policy: Some(rules.policy_in_words()),
            chain: rules.chain.clone(),
            strategies: rules.strategies.iter().map(|strategy| strategy.id.clone()).collect(),
            index,
            opinions: true,
        }
    }

    pub(super) fn in_words(&self) -> String {
        let policy = self.policy.as_deref().map(|policy| format!("{policy}, ")).unwrap_or_default();
        visible(format!("{policy}chain {}", self.chain)).into_owned()
    }
}

/// Decides both sides. What was decided once comes first: a fleet on the other
/// side is decided by the same index.
pub(super) async fn both(
    global: &GlobalArgs,
    [first, second]: [&Source<'_>; 2],
    [before, after]: [&MatchArgs; 2],
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<[Side; 2], Failure> {
    let old = kept(global, first, second, before, stop, output).await?;
    let new = kept(global, second, first, after, stop, output).await?;
    match (old, new) {
        (Some(old), Some(new)) => Ok([old, new]),
        (Some(old), None) => {
            let index = ByIndex::Of(old.origin.index.as_deref());
            let new = decide(global, second, after, index, stop, output).await?;
            Ok([old, new])
        }
        (None, Some(new)) => {
            let index = ByIndex::Of(new.origin.index.as_deref());
            Ok([decide(global, first, before, index, stop, output).await?, new])
        }
        (None, None) => {
            let old = decide(global, first, before, ByIndex::Own, stop, output).await?;
            Ok([old, decide(global, second, after, ByIndex::Own, stop, output).await?])
        }
    }
}

/// Decides a fleet's folder.
async fn decide(
    global: &GlobalArgs,
    source: &Source<'_>,
    matching: &MatchArgs,
    index: ByIndex<'_>,
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<Side, Failure> {
    let fleet = source.fleet().expect("all else was decided once, and is not decided anew");
    let one = OneFleet { fleet, catalog: None };
    let decided = decided::decide(global, one, matching, index, stop, output).await?;
    Ok(Side {
        origin: Origin::by(&decided.rules, fleet.display().to_string(), Some(decided.index)),
        records: decided.records,
        rules: Some(decided.rules),
        unseen: decided.unseen,
    })
}

/// Reads what was decided once; nothing if it is a fleet.
async fn kept(
    global: &GlobalArgs,
    source: &Source<'_>,
    other: &Source<'_>,
    matching: &MatchArgs,
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<Option<Side>, Failure> {
    match source {
        Source::Fleet(_) => Ok(None),
        Source::Saved(file) => {
            let given = file.display().to_string();
            refuse_rules(&given, matching)?;
            let mut saved = saved(file)?;
            if let Some(folder) = source.capture() {
                saved.index = Some(wiring::own_index(folder)?);
            }
            let SavedDecisions {
                chain, policy, strategies, decisions, complete, unknown, rules, index, ..
            } = saved;
            let unknown = unknown.into_iter();
            let unknown = unknown.map(|one| Unknown { deployment: one.deployment, why: one.why }).collect();
            let unseen = unseen(&given, complete, unknown);
            let origin = Origin { source: given, policy, chain, strategies, index, opinions: true };
            Ok(Some(Side { origin, records: decisions, rules, unseen }))
        }
        Source::Run(id) => {
            refuse_rules(&format!("run:{id}"), matching)?;
            let fleet = other.fleet().map(|fleet| OneFleet { fleet, catalog: None });
            let run = past::read(global, id, fleet, stop, output).await?;
            let source = format!("run:{}", run.id);
            let unseen = unseen(&source, run.complete, run.unknown);
            let origin = match &run.rules {
                Some(rules) => Origin { opinions: false, ..Origin::by(rules, source, run.index) },
                None => Origin {
                    source,
                    policy: None,
                    chain: run.chain,
                    strategies: Vec::new(),
                    index: run.index,
                    opinions: false,
                },
            };
            Ok(Some(Side { origin, records: run.records, rules: run.rules, unseen }))
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
