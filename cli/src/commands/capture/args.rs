//! The command lines of `capture` and `replay`: names, defaults and help. No
//! behaviour.

use std::path::PathBuf;

use clap::Args;

use crate::args::{InputArgs, MatchArgs};

#[derive(Debug, Args)]
pub(crate) struct CaptureArgs {
    /// The folder that becomes the fleet; it must not exist, or be empty.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The captured fleet.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}
