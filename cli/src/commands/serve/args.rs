//! The command line of `serve`: names, defaults and help. No behaviour.

use clap::Args;
use reconciler_core::config::FlagText;

use crate::args::{Flags, InputArgs};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) daemon: DaemonArgs,
    #[command(flatten)]
    pub(crate) input: InputArgs,
}

/// How the daemon works.
#[derive(Debug, Args)]
#[command(next_help_heading = "How the daemon works")]
pub(crate) struct DaemonArgs {
    /// The time from one run to the next [default: 1h].
    #[arg(long, value_name = "DURATION")]
    interval: Option<String>,
    /// The address and port to answer at [default: 127.0.0.1:9180].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// How lines of the log look: text or json [default: text].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// How much is logged: error, warn, info, debug or trace [default: info].
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Flags for DaemonArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        let mut add = |key: &str, flag: &str, text: &Option<String>| {
            flags.extend(text.as_ref().map(|text| FlagText::new(key, text, flag)));
        };
        add("interval", "--interval", &self.interval);
        add("http.listen", "--listen", &self.listen);
        add("log.format", "--log-format", &self.log_format);
        add("log.level", "--log-level", &self.log_level);
    }
}
