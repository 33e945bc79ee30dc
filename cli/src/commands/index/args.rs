//! The command line of `index`: names, defaults and help. No behaviour.

use clap::{Args, Subcommand};
use reconciler_core::model::InstanceId;

use crate::args::{SourceArgs, StoreArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// Show the entries, or one with all its fields; values that may be secret
    /// are redacted.
    Show(ShowArgs),
    /// Hold each entry against its record, the broker's own request, the catalog
    /// and the Director's list.
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Only this instance, with all fields of its entry.
    #[arg(value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
