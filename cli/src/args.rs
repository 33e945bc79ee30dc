//! The command line: names, defaults and help. No behaviour.

mod groups;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use reconciler_core::config::FlagText;

use crate::commands::apply::{ApplyArgs, PlanArgs};
use crate::commands::backups::BackupsCommand;
use crate::commands::capture::{CaptureArgs, ReplayArgs};
use crate::commands::config::ConfigCommand;
use crate::commands::decisions::args::DecisionsCommand;
use crate::commands::history::HistoryArgs;
use crate::commands::index::IndexCommand;
use crate::commands::man::ManArgs;
use crate::commands::orphans::OrphansCommand;
use crate::commands::serve::ServeArgs;
use crate::commands::status::StatusArgs;
use crate::exit;
pub(crate) use crate::match_args::MatchArgs;
use crate::match_args::script_flag;
use crate::remote::RemoteArgs;
use crate::script_args::ScriptsCommand;

pub(crate) use self::groups::{FilterArgs, Flags, InputArgs, SourceArgs, StoreArgs, text_flag};

/// Keeps Blacksmith's records in Vault in line with what BOSH has deployed.
#[derive(Debug, Parser)]
#[command(name = "reconciler", version, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// The same document as YAML.
    Yaml,
    /// For a comment; some commands only, whose help says so.
    #[value(hide = true)]
    Markdown,
    /// What the on-demand broker prints; only for `orphans list`.
    #[value(hide = true)]
    Odb,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "General options")]
pub(crate) struct GlobalArgs {
    /// Configuration file; its section `reconciler` is read
    /// [env: BLACKSMITH_RECONCILER_CONFIG].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the answer on standard output looks; `markdown` makes a comment where a
    /// command says so.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: Format,
    /// Short for `--format json`.
    #[arg(long, global = true, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Say on standard error what is done, step by step.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
}

/// Names the configuration file where no flag does.
pub(crate) const CONFIG_VARIABLE: &str = "BLACKSMITH_RECONCILER_CONFIG";

impl GlobalArgs {
    /// The configuration file. As with every variable, empty means not set.
    pub(crate) fn config(&self) -> Option<PathBuf> {
        let variable = || std::env::var_os(CONFIG_VARIABLE).filter(|value| !value.is_empty());
        self.config.clone().or_else(|| variable().map(PathBuf::from))
    }

    /// The configuration file, if a flag names it.
    pub(crate) fn config_flag(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Decide every deployment and bring the records into line.
    Run(RunArgs),
    /// Make runs by a schedule, and answer over HTTP, until stopped.
    Serve(Box<ServeArgs>),
    /// Show what a daemon is doing, or the latest runs of the journal.
    Status(StatusArgs),
    /// Show what a run would write, field by field; save it with --out.
    Plan(PlanArgs),
    /// Write exactly what a saved plan says, if nothing has moved since.
    Apply(ApplyArgs),
    /// Show every deployment with its decision; write nothing.
    Scan(ScanArgs),
    /// Show how one deployment was decided.
    ///
    /// `--format markdown` makes a comment for a merge request.
    Explain(ExplainArgs),
    /// Look at everything a run needs, and say what is wrong.
    Doctor(DoctorArgs),
    /// Show the strategies there are.
    #[command(subcommand)]
    Strategies(StrategiesCommand),
    /// Write, check, test and try strategies of your own.
    #[command(subcommand)]
    Scripts(ScriptsCommand),
    /// Hold decisions against the right answers and the accepted ones, and
    /// compare them.
    #[command(subcommand)]
    Decisions(DecisionsCommand),
    /// Keep everything that decisions are made from, as a fleet without secrets.
    Capture(CaptureArgs),
    /// Decide a captured fleet again, and say whether the outcome is the same.
    Replay(ReplayArgs),
    /// Look at the archives of what runs changed, and put them back.
    #[command(subcommand)]
    Backups(BackupsCommand),
    /// Look at the index of instances, and hold it against everything else.
    #[command(subcommand)]
    Index(IndexCommand),
    /// Show what happened to instances, newest first.
    History(HistoryArgs),
    /// Show what has no counterpart: missing and stray.
    #[command(subcommand)]
    Orphans(OrphansCommand),
    /// Show, check, write and explain the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell.
    Completion(CompletionArgs),
    /// Print the manual page, or write one a command.
    Man(ManArgs),
    /// Print the version.
    Version,
}

impl Command {
    /// Whether its answer has a Markdown form.
    pub(crate) fn has_markdown(&self) -> bool {
        match self {
            Self::Explain(_) | Self::Replay(_) => true,
            Self::Decisions(command) => {
                matches!(command, DecisionsCommand::Test(_) | DecisionsCommand::Diff(_))
            }
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Show what would be written, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Read every record, also where the index says that nothing has changed.
    #[arg(long)]
    pub(crate) full: bool,
    /// Let up to N entries turn missing in this run, if the limit is less.
    #[arg(long, value_name = "N")]
    pub(crate) allow_missing: Option<usize>,
    /// Begin an index that is not there, though there was one before.
    #[arg(long)]
    pub(crate) begin_index: bool,
    /// Make entries again that the last run saw, however many are not there any more.
    #[arg(long)]
    pub(crate) allow_fewer_entries: bool,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The deployment's name.
    pub(crate) deployment: String,
    /// Why it was not matched to this instance: what spoke for it, what stood in
    /// the way, and what it would have taken.
    #[arg(long, value_name = "INSTANCE")]
    pub(crate) why_not: Option<String>,
    /// Show what was said of each identity as bars.
    #[arg(long, conflicts_with = "why_not")]
    pub(crate) waterfall: bool,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print the smallest policy for Vault even if the token has what it needs.
    #[arg(long)]
    pub(crate) policy: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StrategiesCommand {
    /// List them in the order of the chain.
    List {
        /// A folder or file of scripts; may be given several times.
        #[arg(long, value_name = "DIR")]
        scripts: Vec<PathBuf>,
    },
    /// Show what one looks at, when it proposes and when it abstains.
    Show {
        /// The strategy's id.
        id: String,
        /// A folder or file of scripts; may be given several times.
        #[arg(long, value_name = "DIR")]
        scripts: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

impl Flags for StrategiesCommand {
    fn add(&self, flags: &mut Vec<FlagText>) {
        let (Self::List { scripts } | Self::Show { scripts, .. }) = self;
        script_flag(flags, scripts);
    }
}
