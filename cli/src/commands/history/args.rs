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
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
