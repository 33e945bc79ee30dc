//! The command line of `history`: names, defaults and help. No behaviour.

use clap::Args;
use reconciler_core::model::InstanceId;

use crate::args::{SourceArgs, StoreArgs};

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Only of this instance (default: of all in the index).
    #[arg(value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    /// How many events at most; 0 shows all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Show the latest N runs of the journal instead, as `status` does; 0
    /// shows all [default N: 10].
    #[arg(
        long,
        value_name = "N",
        num_args = 0..=1,
        default_missing_value = "10",
        conflicts_with_all = ["instance", "limit"]
    )]
    pub(crate) runs: Option<usize>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
