//! A fleet's decisions, made by given rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reconciler_core::config::keys;
use reconciler_core::decisions::DecisionRecord;
use reconciler_core::manager::{CancellationToken, Filter, Survey, Unknown};
use reconciler_core::matching::{Policy, Rules};
use reconciler_core::model::Catalog;

use super::args::{FleetsArgs, OneFleet};
use crate::args::{Flags, GlobalArgs, MatchArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};

/// A fleet's decisions with the rules that they were made by.
pub(super) struct Decided {
    pub(super) policy: Policy,
    pub(super) rules: Rules,
    /// The fingerprint of the index that it was decided by.
    pub(super) index: String,
    pub(super) catalog: Arc<Catalog>,
    pub(super) records: Vec<DecisionRecord>,
    pub(super) unseen: Unseen,
}

/// What could not be read. It is unknown how that would be decided: it is neither
/// compared nor accepted.
#[derive(Default)]
pub(super) struct Unseen {
    /// Whether the fleet as a whole could not be seen, or a deployment of it.
    pub(super) incomplete: bool,
    /// The deployments, each with the reason.
    pub(super) unknown: Vec<Unknown>,
}

impl Unseen {
    fn of(survey: &Survey, records: &[DecisionRecord]) -> Self {
        let completeness = &survey.scan.completeness;
        let unread: BTreeSet<&str> = records
            .iter()
            .filter(|record| record.is_unread())
            .map(|record| &record.deployment)
            .chain(completeness.gaps.iter().map(|gap| &gap.deployment))
            .map(|name| name.as_str())
            .collect();
        let unknown = survey.unknown.iter().filter(|one| unread.contains(one.deployment.as_str()));
        let mut unknown: Vec<Unknown> = unknown.cloned().collect();
        let whole = &survey.scan.info.name;
        unknown.extend(
            completeness
                .shortfalls
                .iter()
                .map(|one| Unknown { deployment: whole.clone(), why: one.to_string() }),
        );
        Self { incomplete: !unread.is_empty() || !completeness.is_complete(), unknown }
    }

    /// Whether this deployment could not be read.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.unknown.iter().any(|one| one.deployment == name)
    }

    /// Takes the other side's in.
    pub(super) fn extend(&mut self, other: Self) {
        self.incomplete |= other.incomplete;
        let new: Vec<Unknown> = other.unknown.into_iter().filter(|one| !self.unknown.contains(one)).collect();
        self.unknown.extend(new);
    }

    /// The decisions about what could be read.
    pub(super) fn without(&self, records: impl IntoIterator<Item = DecisionRecord>) -> Vec<DecisionRecord> {
        let records = records.into_iter();
        records.filter(|record| !self.holds(record.deployment.as_str())).collect()
    }
}

/// By which index a fleet's folder is decided.
pub(super) enum ByIndex<'a> {
    /// By its own.
    Own,
    /// By that which other decisions were made by, if it is still there: the
    /// folder's own has this fingerprint, or else it is the store's.
    Of(Option<&'a str>),
}

impl ByIndex<'_> {
    fn access(&self, fleet: &Path) -> Result<Access, Failure> {
        match self {
            Self::Own => Ok(Access::FleetOnly),
            Self::Of(Some(kept)) if *kept == wiring::own_index(fleet)? => Ok(Access::FleetOnly),
            Self::Of(_) => Ok(Access::Look),
        }
    }
}

/// Decides a fleet's folder; leaves nothing behind.
pub(super) async fn decide(
    global: &GlobalArgs,
    fleet: OneFleet<'_>,
    matching: &MatchArgs,
    index: ByIndex<'_>,
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<Decided, Failure> {
    let settings = wiring::settings(global, &[&fleet, matching as &dyn Flags], output)?;
    let access = index.access(fleet.fleet)?;
    let bench = Workbench::open(&settings, access, Filter::default(), stop, output).await?;
    let survey = bench.reconciler().survey().await?;
    let records: Vec<DecisionRecord> = survey.decisions.iter().map(DecisionRecord::from).collect();
    Ok(Decided {
        policy: bench.engine.policy(),
        rules: Rules::of(&bench.engine),
        index: survey.facts.index.fingerprint(),
        catalog: Arc::clone(&survey.facts.catalog),
        unseen: Unseen::of(&survey, &records),
        records,
    })
}

/// A fleet's folder with the name that its accepted decisions stand under.
pub(super) struct NamedFleet {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// The fleets that the arguments or the configuration name, by name.
pub(super) fn named(
    global: &GlobalArgs,
    args: &FleetsArgs,
    output: &mut Output,
) -> Result<Vec<NamedFleet>, Failure> {
    let mut paths = args.fleets.clone();
    if paths.is_empty() {
        let settings = wiring::settings(global, &[], output)?;
        paths.extend(settings.path(keys::FLEET).map(Path::to_owned));
    }
    if paths.is_empty() {
        return Err(Failure::told(
            "no fleet is named",
            "give a fleet's folder with --fleet DIR, once for each, or as `fleet` in the configuration",
        ));
    }
    let mut fleets: Vec<NamedFleet> = Vec::new();
    for path in paths {
        let name = name(&path)?;
        if let Some(other) = fleets.iter().find(|other| other.name == name) {
            return Err(Failure::told(
                format!("{} and {} are both called `{name}`", other.path.display(), path.display()),
                "accepted decisions stand under a fleet's name: rename one of the folders",
            ));
        }
        fleets.push(NamedFleet { name, path });
    }
    fleets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(fleets)
}

/// The folder's own name, also where it was given as `.` or through a link.
fn name(path: &Path) -> Result<String, Failure> {
    let told =
        |why: String| Failure::told(format!("{}: {why}", path.display()), "name a folder that holds a fleet");
    let named = match path.file_name() {
        Some(name) => name.to_owned(),
        None => {
            let whole = path.canonicalize().map_err(|error| told(error.to_string()))?;
            whole.file_name().ok_or_else(|| told("has no name".to_owned()))?.to_owned()
        }
    };
    named.into_string().map_err(|_| told("its name is not UTF-8".to_owned()))
}
