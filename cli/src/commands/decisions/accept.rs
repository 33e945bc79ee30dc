//! `decisions accept`: decisions as they are made now become the accepted ones.

use std::collections::{BTreeMap, BTreeSet};

use reconciler_core::decisions::{ChangeKind, Difference};
use reconciler_core::manager::{Filter, Unknown};
use reconciler_core::matching::nearest;
use reconciler_core::model::{DeploymentName, visible};
use serde::Serialize;

use super::args::{AcceptArgs, OneFleet};
use super::snapshots::Writing;
use super::{decided, snapshots};
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::commands::scan::write_unknown;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

#[derive(Default, Serialize)]
struct AcceptanceView {
    new: usize,
    changed: usize,
    removed: usize,
    /// The files that were written or removed.
    files: Vec<String>,
    /// What could not be read, and so was not accepted.
    unknown: Vec<Unknown>,
}

pub(super) fn run(global: &GlobalArgs, args: &AcceptArgs, output: &mut Output) -> Result<Exit, Failure> {
    let fleets = decided::named(global, &args.fleets, output)?;
    let wanted = Wanted::of(args)?;
    let mut view = AcceptanceView::default();
    let mut seen: BTreeSet<DeploymentName> = BTreeSet::new();
    let mut work = Vec::new();
    for fleet in &fleets {
        let accepted = snapshots::read(&args.snapshots, &fleet.name)?;
        let now = block_on(async |stop| {
            let source = OneFleet { fleet: &fleet.path, catalog: args.fleets.catalog.as_ref() };
            decided::decide(global, source, &args.matching, decided::ByIndex::Own, stop, output).await
        })?;
        seen.extend(accepted.records.keys().cloned());
        seen.extend(now.records.iter().map(|record| record.deployment.clone()));
        work.push((fleet, accepted, now));
    }
    // Before anything is written: a slip of the pen accepts nothing.
    wanted.all_fit(&seen)?;
    for (fleet, accepted, now) in work {
        let before = now.unseen.without(accepted.records.values().cloned());
        let mut after = accepted.records.clone();
        let difference = Difference::between(&before, &now.unseen.without(now.records));
        for change in difference.changes.into_iter().filter(|change| wanted.fits(&change.deployment)) {
            match change.kind {
                ChangeKind::Appeared => view.new += 1,
                ChangeKind::Vanished => view.removed += 1,
                _ => view.changed += 1,
            }
            match change.after {
                Some(record) => after.insert(change.deployment, record),
                None => after.remove(&change.deployment),
            };
        }
        let meant =
            |one: &Unknown| DeploymentName::new(&one.deployment).map_or(true, |name| wanted.fits(&name));
        view.unknown.extend(now.unseen.unknown.into_iter().filter(meant));
        let writing = if args.all { Writing::Everything } else { Writing::Changed };
        let touched =
            snapshots::write(&args.snapshots, &fleet.name, &accepted, after, &now.catalog, writing)?;
        view.files.extend(touched.iter().map(|file| file.display().to_string()));
    }
    let complete = view.unknown.is_empty();
    output.answer("DecisionAcceptance", complete, &view, |out| {
        for file in &view.files {
            writeln!(out, "{}", visible(file))?;
        }
        let AcceptanceView { new, changed, removed, .. } = view;
        write_unknown(out, &view.unknown)?;
        write!(out, "accepted: {new} new, {changed} changed, {removed} removed")?;
        match view.unknown.len() {
            0 => writeln!(out),
            unread => writeln!(out, "; not accepted: {unread} that could not be read"),
        }
    })?;
    Ok(if view.unknown.is_empty() { Exit::Success } else { Exit::Incomplete })
}

/// Which deployments are meant: patterns with what they mean, or all.
struct Wanted(Option<BTreeMap<String, Filter>>);

impl Wanted {
    fn of(args: &AcceptArgs) -> Result<Self, Failure> {
        if args.all {
            return Ok(Self(None));
        }
        let filter = |name: &String| {
            let filter = Filter::default().with_deployment(name);
            let filter =
                filter.map_err(|error| Failure::told(error.to_string(), "give a shorter pattern"))?;
            Ok((name.clone(), filter))
        };
        args.names.iter().map(filter).collect::<Result<_, Failure>>().map(|wanted| Self(Some(wanted)))
    }

    fn fits(&self, name: &DeploymentName) -> bool {
        let filters = self.0.as_ref();
        filters.is_none_or(|filters| filters.values().any(|filter| filter.admits_name(name.as_str())))
    }

    fn all_fit(&self, seen: &BTreeSet<DeploymentName>) -> Result<(), Failure> {
        for (pattern, filter) in self.0.iter().flatten() {
            if seen.iter().any(|name| filter.admits_name(name.as_str())) {
                continue;
            }
            let known: Vec<String> = seen.iter().map(ToString::to_string).collect();
            let advice = match nearest(pattern, &known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`decisions test` lists what can be accepted".to_owned(),
            };
            return Err(Failure::told(format!("there is no deployment `{pattern}`"), advice));
        }
        Ok(())
    }
}
