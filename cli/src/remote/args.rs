//! Flags that name a daemon. No behaviour.

use std::path::PathBuf;

use clap::Args;
use reconciler_core::config::FlagText;

use crate::args::Flags;

/// A daemon to speak to.
#[derive(Debug, Args)]
#[command(next_help_heading = "A daemon")]
pub(crate) struct RemoteArgs {
    /// Speak to a daemon instead [default URL: http://127.0.0.1:9180].
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "http://127.0.0.1:9180")]
    pub(crate) remote: Option<String>,
    /// A file with the daemon's token
    /// [env: BLACKSMITH_RECONCILER_HTTP_TOKEN, the token itself].
    #[arg(long, value_name = "FILE", requires = "remote")]
    token_file: Option<PathBuf>,
    /// The CA of the daemon's certificate, a PEM file.
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub(crate) remote_ca: Option<PathBuf>,
}

impl Flags for RemoteArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        let file = self.token_file.as_ref();
        flags.extend(
            file.map(|file| FlagText::new("http.token_file", file.to_string_lossy(), "--token-file")),
        );
    }
}
