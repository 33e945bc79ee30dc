//! The command lines of `plan` and `apply`: names, defaults and help. No
//! behaviour.

use std::path::PathBuf;

use clap::Args;

use crate::args::{FilterArgs, InputArgs};

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Save the plan for `apply`: paths, versions and fingerprints, no values.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// End with 11 if there is something to write.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Read every record, also where the index says that nothing has changed.
    #[arg(long)]
    pub(crate) full: bool,
    /// Let up to N entries turn missing, as `run --allow-missing` does.
    #[arg(long, value_name = "N")]
    pub(crate) allow_missing: Option<usize>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan that `plan --out` saved. Name Director, catalog, store and
    /// strategies as for the plan.
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}
