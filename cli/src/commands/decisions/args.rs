//! The command line of `decisions`: names, defaults and help. No behaviour.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use reconciler_core::config::FlagText;

use super::floors::Floor;
use crate::args::{Flags, MatchArgs, SourceArgs};

/// The folder of accepted decisions where none is named.
pub(super) const SNAPSHOTS: &str = "decisions";

#[derive(Debug, Subcommand)]
pub(crate) enum DecisionsCommand {
    /// Decide a labelled fleet and count what is right, wrong and missed.
    Eval(Box<EvalArgs>),
    /// Hold the decisions over fleets against the accepted ones; ends with 20 if
    /// one is decided otherwise or was never accepted.
    ///
    /// `--format markdown` makes a comment for a merge request.
    Test(TestArgs),
    /// Accept decisions as they are made now.
    Accept(AcceptArgs),
    /// Show which decisions other rules, or other times, flip.
    ///
    /// What stands before `--` is the first side, what stands behind it the
    /// second, with options of its own; it may leave out what it looks at if that
    /// is the same, as in `decisions diff FLEET -- --threshold 0.9`. Without
    /// `--`, options count for both sides. `--format markdown` makes a comment
    /// for a merge request.
    Diff(Box<DiffArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The labels (default: labels.yml in the fleet).
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// End with 20 if precision is below this, 0 to 1; of a strategy, a service or
    /// STRATEGY/SERVICE, if one is named. May be given several times.
    #[arg(long, value_name = "[OF=]RATIO")]
    pub(crate) min_precision: Vec<Floor>,
    /// End with 20 if recall is below this, in the same forms.
    #[arg(long, value_name = "[OF=]RATIO")]
    pub(crate) min_recall: Vec<Floor>,
    /// Show each strategy's score by service, too.
    #[arg(long)]
    pub(crate) services: bool,
    /// Show what other thresholds would come to, from 0 to 1 in steps of 0.05;
    /// with a FILE they are written as CSV, too.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) sweep: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}

/// The fleets whose decisions are tested.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is looked at")]
pub(crate) struct FleetsArgs {
    /// A fleet's folder; may be given several times (default: `fleet` in the
    /// configuration).
    #[arg(long = "fleet", value_name = "DIR")]
    pub(crate) fleets: Vec<PathBuf>,
    /// The catalog: a folder of services, or a saved answer to GET /v2/catalog
    /// (default: each fleet's own).
    #[arg(long, value_name = "PATH")]
    pub(crate) catalog: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The folder of accepted decisions [default: decisions].
    #[arg(value_name = "DIR", conflicts_with = "snapshots")]
    dir: Option<PathBuf>,
    /// The same, as for `decisions accept`.
    #[arg(long, value_name = "DIR")]
    snapshots: Option<PathBuf>,
    /// End with 20 also if something accepted belongs to no deployment or no
    /// fleet: for CI.
    #[arg(long)]
    pub(crate) check: bool,
    /// List also what is decided as accepted, from other opinions.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) fleets: FleetsArgs,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}

impl TestArgs {
    /// The folder of accepted decisions.
    pub(crate) fn snapshots(&self) -> &Path {
        self.dir.as_deref().or(self.snapshots.as_deref()).unwrap_or(Path::new(SNAPSHOTS))
    }
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["names", "all"])))]
pub(crate) struct AcceptArgs {
    /// Deployments by name; `*` is any text, `?` any character.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub(crate) all: bool,
    /// The folder of accepted decisions.
    #[arg(long, value_name = "DIR", default_value = SNAPSHOTS)]
    pub(crate) snapshots: PathBuf,
    #[command(flatten)]
    pub(crate) fleets: FleetsArgs,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// What was decided before: a fleet's folder, a file that `scan --json`
    /// printed, a capture's `decisions.json`, or `run:ID` or `run:latest` for a
    /// run of the journal.
    #[arg(value_name = "A")]
    pub(crate) before: String,
    /// What is decided now, in the same forms.
    #[arg(value_name = "B")]
    pub(crate) after: Option<String>,
    /// List also deployments with the same outcome from other opinions.
    #[arg(long)]
    pub(crate) all: bool,
    /// End with 20 if an outcome differs.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
    /// The second side, with options of its own.
    #[arg(last = true, value_name = "B [OPTIONS]", allow_hyphen_values = true)]
    pub(crate) second: Vec<String>,
}

/// The second side of `decisions diff`, read as a command line of its own.
#[derive(Debug, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
pub(crate) struct SecondSide {
    /// What is decided now (default: what was decided before).
    #[arg(value_name = "B")]
    pub(crate) source: Option<String>,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}

/// One fleet of several, as the flag `--fleet` of other commands.
pub(crate) struct OneFleet<'a> {
    pub(crate) fleet: &'a Path,
    pub(crate) catalog: Option<&'a PathBuf>,
}

impl Flags for OneFleet<'_> {
    fn add(&self, flags: &mut Vec<FlagText>) {
        flags.push(FlagText::new("fleet", self.fleet.to_string_lossy(), "--fleet"));
        flags.extend(
            self.catalog.map(|path| FlagText::new("catalog.path", path.to_string_lossy(), "--catalog")),
        );
    }
}
