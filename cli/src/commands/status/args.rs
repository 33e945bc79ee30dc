//! The command line of `status`: names, defaults and help. No behaviour.

use clap::Args;

use crate::args::{SourceArgs, StoreArgs};
use crate::remote::RemoteArgs;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Show it again every two seconds, until Ctrl-C.
    #[arg(long)]
    pub(crate) watch: bool,
    /// How many of the latest runs are shown; 0 shows all.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) runs: usize,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
