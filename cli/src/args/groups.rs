//! Groups of flags that several commands share, and the keys that they stand for.

use std::path::PathBuf;

use clap::Args;
use reconciler_core::config::FlagText;

use crate::match_args::MatchArgs;

/// What is looked at.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is looked at")]
pub(crate) struct SourceArgs {
    /// A fleet's folder: a Director's answers, a catalog and an index.
    #[arg(long, value_name = "DIR")]
    pub(crate) fleet: Option<PathBuf>,
    /// The Director: an alias of the bosh CLI, host, host:port or URL
    /// [env: BOSH_ENVIRONMENT].
    #[arg(long, short, value_name = "DIRECTOR")]
    pub(crate) environment: Option<String>,
    /// The UAA client, or the user [env: BOSH_CLIENT].
    #[arg(long, value_name = "NAME")]
    pub(crate) client: Option<String>,
    /// A file with the client's secret, or the user's password
    /// [env: BOSH_CLIENT_SECRET, the secret itself].
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The CA of Director and UAA, a file or PEM text [env: BOSH_CA_CERT].
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Option<String>,
    /// The catalog: a folder of services, or a saved answer to GET /v2/catalog
    /// (default: the fleet's own).
    #[arg(long, value_name = "PATH")]
    pub(crate) catalog: Option<PathBuf>,
    /// The broker to read the catalog from [env: BLACKSMITH_URL]; its user and
    /// password are BLACKSMITH_USERNAME and BLACKSMITH_PASSWORD.
    #[arg(long, value_name = "URL")]
    pub(crate) catalog_url: Option<String>,
}

/// Where records are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where records are kept")]
pub(crate) struct StoreArgs {
    /// The embedded store's file (default: in the user's state folder), or
    /// `vault` for Vault, found as the vault CLI finds it.
    #[arg(long, value_name = "FILE|vault")]
    pub(crate) store: Option<PathBuf>,
    /// What is remembered between runs (default: in the user's state folder).
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

/// What a run is made from.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    matching: MatchArgs,
}

/// What is shown and written. Every deployment is decided all the same.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is shown and written")]
pub(crate) struct FilterArgs {
    /// Only this service.
    #[arg(long, value_name = "ID")]
    pub(crate) service: Option<String>,
    /// Only this plan.
    #[arg(long, value_name = "ID")]
    pub(crate) plan: Option<String>,
    /// Only this instance.
    #[arg(long, value_name = "ID")]
    pub(crate) instance: Option<String>,
    /// Only deployments whose name fits: `*` is any text, `?` any character.
    #[arg(long, value_name = "GLOB")]
    pub(crate) deployment: Option<String>,
}

/// Flags that stand for a key of the configuration.
pub(crate) trait Flags {
    /// Adds the flags that were given.
    fn add(&self, flags: &mut Vec<FlagText>);
}

fn path_flag(flags: &mut Vec<FlagText>, key: &str, flag: &str, path: Option<&PathBuf>) {
    // A path that is not UTF-8 cannot stand in the file or in a message either.
    flags.extend(path.map(|path| FlagText::new(key, path.to_string_lossy(), flag)));
}

pub(crate) fn text_flag(flags: &mut Vec<FlagText>, key: &str, flag: &str, text: Option<&String>) {
    flags.extend(text.map(|text| FlagText::new(key, text, flag)));
}

impl Flags for SourceArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        path_flag(flags, "fleet", "--fleet", self.fleet.as_ref());
        text_flag(flags, "director.environment", "--environment", self.environment.as_ref());
        text_flag(flags, "director.client", "--client", self.client.as_ref());
        path_flag(
            flags,
            "director.client_secret_file",
            "--client-secret-file",
            self.client_secret_file.as_ref(),
        );
        text_flag(flags, "director.ca_cert", "--ca-cert", self.ca_cert.as_ref());
        path_flag(flags, "catalog.path", "--catalog", self.catalog.as_ref());
        text_flag(flags, "catalog.url", "--catalog-url", self.catalog_url.as_ref());
    }
}

impl Flags for StoreArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        path_flag(flags, "store.path", "--store", self.store.as_ref());
        path_flag(flags, "state.path", "--state", self.state.as_ref());
    }
}

impl Flags for InputArgs {
    fn add(&self, flags: &mut Vec<FlagText>) {
        self.source.add(flags);
        self.store.add(flags);
        self.matching.add(flags);
    }
}
