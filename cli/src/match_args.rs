//! How deployments are decided, on the command line.

use std::path::PathBuf;

use clap::Args;
use reconciler_core::config::FlagText;

use crate::args::{Flags, text_flag};

/// How deployments are decided.
#[derive(Debug, Args)]
#[command(next_help_heading = "How deployments are decided")]
pub(crate) struct MatchArgs {
    /// Exactly these strategies, in this order (default: all, by priority).
    #[arg(long, value_name = "A,B,C")]
    strategies: Option<String>,
    /// A folder or file of scripts; may be given several times.
    #[arg(long, value_name = "DIR")]
    scripts: Vec<PathBuf>,
    /// How opinions are weighed: best or first-match [default: best].
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// The least confidence of a match, 0 to 1 [default: 0.7].
    #[arg(long, value_name = "CONFIDENCE")]
    threshold: Option<String>,
    /// The least lead over the next identity, 0 to 1 [default: 0.15].
    #[arg(long, value_name = "CONFIDENCE")]
    margin: Option<String>,
    /// How many threads decide [default: one for each core].
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// How many deployments are read at once [default: 10].
    #[arg(long, value_name = "N")]
    batch_size: Option<String>,
}

/// Several paths are one list; flags and variables separate items by commas.
pub(crate) fn script_flag(flags: &mut Vec<FlagText>, scripts: &[PathBuf]) {
    if !scripts.is_empty() {
        let paths: Vec<_> = scripts.iter().map(|path| path.to_string_lossy()).collect();
        flags.push(FlagText::new("scripts.paths", paths.join(","), "--scripts"));
    }
}

impl MatchArgs {
    /// The flags that decisions depend on, as they were given.
    pub(crate) fn rules(&self) -> Vec<String> {
        let scripts: Vec<String> = self.scripts.iter().map(|path| path.display().to_string()).collect();
        let mut words = Vec::new();
        for (flag, values) in [
            ("--strategies", self.strategies.as_slice()),
            ("--scripts", &scripts),
            ("--policy", self.policy.as_slice()),
            ("--threshold", self.threshold.as_slice()),
            ("--margin", self.margin.as_slice()),
        ] {
            words.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        words
    }
}

impl Flags for MatchArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        text_flag(flags, "strategies", "--strategies", self.strategies.as_ref());
        script_flag(flags, &self.scripts);
        text_flag(flags, "policy.kind", "--policy", self.policy.as_ref());
        text_flag(flags, "policy.threshold", "--threshold", self.threshold.as_ref());
        text_flag(flags, "policy.margin", "--margin", self.margin.as_ref());
        text_flag(flags, "workers", "--workers", self.workers.as_ref());
        text_flag(flags, "batch_size", "--batch-size", self.batch_size.as_ref());
    }
}
