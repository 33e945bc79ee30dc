//! The command line of `config`: names, defaults and help. No behaviour.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings in force, secrets redacted.
    Show(ShowArgs),
    /// Report everything that is wrong with the configuration at once.
    Check,
    /// Print a file to begin with: every key with its default.
    Init(InitArgs),
    /// Say what a key is for, what it accepts and what it is set to.
    Explain(ExplainKeyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Show where each value comes from.
    #[arg(long)]
    pub(crate) origin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Write it to a file that is not there yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainKeyArgs {
    /// The key, `policy.threshold`, or its variable; without it, all keys.
    pub(crate) key: Option<String>,
}
