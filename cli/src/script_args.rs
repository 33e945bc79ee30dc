//! The command line of `scripts`: names, defaults and help. No behaviour.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reconciler_core::config::FlagText;

use crate::args::{Flags, SourceArgs, StoreArgs};
use crate::match_args::script_flag;

#[derive(Debug, Subcommand)]
pub(crate) enum ScriptsCommand {
    /// Write a new script, with comments and a first test.
    New(NewArgs),
    /// List the scripts.
    List(PlaceArgs),
    /// Compile scripts and say everything that is wrong or odd.
    Check(PlaceArgs),
    /// Run the tests of scripts and the cases beside them; ends with 20 if one
    /// fails.
    Test(TestArgs),
    /// Call one script for one deployment, and show what it does.
    Run(Box<RunScriptArgs>),
    /// Print what scripts can call, as a definition file for editors.
    Definitions(DefinitionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The script's id: lower-case letters, digits and `-`.
    pub(crate) id: String,
    /// The folder to write it to.
    #[arg(long, value_name = "DIR", default_value = "scripts")]
    pub(crate) scripts: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// Folders or files (default: `scripts.paths` in the configuration, else
    /// the folder `scripts`).
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// A folder or file of scripts; may be given several times.
    #[arg(long, value_name = "DIR")]
    pub(crate) scripts: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Show which lines no test reaches.
    #[arg(long)]
    pub(crate) coverage: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunScriptArgs {
    /// The script's id.
    pub(crate) id: String,
    /// The deployment's name.
    pub(crate) deployment: String,
    /// Show also what the script reads and prints, line by line.
    #[arg(long)]
    pub(crate) trace: bool,
    /// A folder or file of scripts; may be given several times.
    #[arg(long, value_name = "DIR")]
    pub(crate) scripts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DefinitionsArgs {
    /// Write them below this folder of scripts, where editors look for them.
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    pub(crate) write: Option<PathBuf>,
    /// End with 20 if those below this folder are not up to date.
    #[arg(long, value_name = "DIR")]
    pub(crate) check: Option<PathBuf>,
}

impl Flags for PlaceArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        let paths: Vec<PathBuf> = self.paths.iter().chain(&self.scripts).cloned().collect();
        script_flag(flags, &paths);
    }
}

impl Flags for RunScriptArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        script_flag(flags, &self.scripts);
    }
}
