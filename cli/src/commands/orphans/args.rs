//! The command line of `orphans`: names, defaults and help. No behaviour.

use clap::{Args, Subcommand};

use crate::args::{FilterArgs, InputArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum OrphansCommand {
    /// List entries without a deployment and deployments without an instance.
    ///
    /// `missing` is an index entry whose deployment is proven gone, `stale` one
    /// that has been missing for 30 days, `absent` one that is not proven yet;
    /// `stray` is a deployment that looks like ours and has no instance. Writes
    /// nothing, and counts nothing. `--format odb` prints the strays as the
    /// on-demand broker's errand `orphan-deployments` does.
    List(ListArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// End with 0, not 10, if missing or stray ones were found.
    #[arg(long)]
    pub(crate) exit_zero: bool,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}
