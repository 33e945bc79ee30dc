//! The command line of `apply`: names, defaults and help. No behaviour.

use std::path::PathBuf;

use clap::Args;

use crate::args::{MatchArgs, SourceArgs, StoreArgs};

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan that `plan --out` saved. Name Director, catalog, store and
    /// strategies as for the plan.
    pub(crate) plan: PathBuf,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}
