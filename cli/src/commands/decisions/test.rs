//! `decisions test`: the decisions over fleets, held against the accepted ones.

use std::collections::BTreeSet;
use std::path::Path;

use reconciler_core::decisions::{ChangeKind, Difference};
use reconciler_core::manager::Unknown;
use serde::Serialize;

use super::args::{OneFleet, SNAPSHOTS, TestArgs};
use super::{decided, snapshots, test_text};
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
pub(super) struct TestView {
    /// How many decisions were made.
    pub(super) decisions: usize,
    pub(super) changed: usize,
    pub(super) not_accepted: usize,
    pub(super) unreferenced: usize,
    /// Decided as accepted, from other opinions: told, and no failure.
    pub(super) other_opinions: usize,
    pub(super) fleets: Vec<FleetView>,
    /// Folders of accepted decisions that belong to no fleet.
    pub(super) unreferenced_fleets: Vec<String>,
    /// Accepted decisions that stand in a file of another name than their
    /// group's.
    pub(super) misplaced_files: Vec<String>,
    /// What else is in the folder and holds no accepted decisions.
    pub(super) stray_files: Vec<String>,
    /// What could not be read, and so not tested.
    pub(super) unknown: Vec<Unknown>,
    pub(super) result: &'static str,
    /// The command line that accepts what differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) accept: Option<String>,
}

#[derive(Serialize)]
pub(super) struct FleetView {
    pub(super) fleet: String,
    pub(super) policy: String,
    pub(super) chain: String,
    #[serde(flatten)]
    pub(super) difference: Difference,
}

pub(super) fn run(global: &GlobalArgs, args: &TestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let fleets = decided::named(global, &args.fleets, output)?;
    let names: BTreeSet<&str> = fleets.iter().map(|fleet| fleet.name.as_str()).collect();
    let unreferenced_fleets = snapshots::of_no_fleet(args.snapshots(), &names)?;
    let mut view = TestView {
        decisions: 0,
        changed: 0,
        not_accepted: 0,
        unreferenced: 0,
        other_opinions: 0,
        fleets: Vec::new(),
        unreferenced_fleets,
        misplaced_files: Vec::new(),
        stray_files: snapshots::stray_files(args.snapshots())?,
        unknown: Vec::new(),
        result: "passed",
        accept: None,
    };
    let mut incomplete = false;
    for fleet in &fleets {
        let accepted = snapshots::read(args.snapshots(), &fleet.name)?;
        let now = block_on(async |stop| {
            let source = OneFleet { fleet: &fleet.path, catalog: args.fleets.catalog.as_ref() };
            decided::decide(global, source, &args.matching, decided::ByIndex::Own, stop, output).await
        })?;
        let strays = snapshots::strays(args.snapshots(), &fleet.name, &accepted, &now.catalog)?;
        view.misplaced_files.extend(strays.misplaced);
        view.stray_files.extend(strays.others);
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
        let (policy, chain) = (now.policy.to_string(), now.rules.chain);
        view.fleets.push(FleetView { fleet: fleet.name.clone(), policy, chain, difference });
    }
    let strays = view.unreferenced_fleets.len() + view.misplaced_files.len() + view.stray_files.len();
    let differs = view.changed + view.not_accepted > 0;
    let failed = differs || (args.check && view.unreferenced + strays > 0);
    if differs || view.unreferenced + view.misplaced_files.len() > 0 {
        view.accept = Some(accept_line(global, args));
    }
    view.result = match (failed, incomplete) {
        (true, _) => "failed",
        (false, true) => "incomplete",
        (false, false) => "passed",
    };
    output.answer_in_markdown(
        "DecisionTest",
        !incomplete,
        &view,
        |out| test_text::write(out, &view, args),
        |out| test_text::write_markdown(out, &view, args),
    )?;
    Ok(match view.result {
        "failed" => Exit::BelowFloor,
        "incomplete" => Exit::Incomplete,
        _ => Exit::Success,
    })
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
