//! The command line of `man`: names, defaults and help. No behaviour.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write one page a command into a folder, `reconciler-run.1` and so on.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
