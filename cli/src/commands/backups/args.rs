//! The command line of `backups`: names, defaults and help. No behaviour.

use std::str::FromStr;

use clap::{Args, Subcommand};
use reconciler_core::backup::When;
use reconciler_core::model::InstanceId;

use crate::args::{SourceArgs, StoreArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum BackupsCommand {
    /// List archives, newest first.
    List(ListArgs),
    /// Show what an archive holds, values redacted.
    Show(ShowArgs),
    /// Show where two archives differ, values redacted.
    Diff(DiffArgs),
    /// Read archives and say which are whole.
    Verify(VerifyArgs),
    /// Put an archive back, and hold the instance.
    Restore(RestoreArgs),
    /// Let go of a held instance, so that runs write it again.
    Release(ReleaseArgs),
    /// Remove the archives beyond the number that is kept.
    Prune(PruneArgs),
}

impl BackupsCommand {
    /// Whether it changes anything in the store.
    pub(crate) fn writes(&self) -> bool {
        match self {
            Self::List(_) | Self::Show(_) | Self::Diff(_) | Self::Verify(_) => false,
            Self::Restore(RestoreArgs { dry_run, .. }) | Self::Prune(PruneArgs { dry_run, .. }) => !dry_run,
            Self::Release(_) => true,
        }
    }
}

/// Where the archives are.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only of this instance.
    #[arg(value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The archive: an instance, and a Unix timestamp, an RFC 3339 time or `-1`
    /// for the newest; `now` is what stands in the store.
    #[arg(value_name = "ID@WHEN")]
    pub(crate) spot: Spot,
    /// Show values, passwords too; on a terminal only.
    #[arg(long)]
    pub(crate) show_values: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The first archive.
    #[arg(value_name = "ID@A")]
    pub(crate) from: Spot,
    /// The second archive; `ID@now` is what stands in the store.
    #[arg(value_name = "ID@B")]
    pub(crate) to: Spot,
    /// Show values, passwords too; on a terminal only.
    #[arg(long)]
    pub(crate) show_values: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Only of this instance.
    #[arg(value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    /// Every archive, not only the newest of each instance.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The archive to put back.
    #[arg(value_name = "ID@WHEN")]
    pub(crate) spot: Spot,
    /// Only this: root, manifest, metadata or index, or its path.
    #[arg(long, value_name = "PATH")]
    pub(crate) only: Option<String>,
    /// Put back also what says another service or plan than the broker does by now.
    #[arg(long)]
    pub(crate) allow_other_plan: bool,
    /// Show what would be put back, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// The instance.
    #[arg(value_name = "ID")]
    pub(crate) instance: InstanceId,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Show what would be removed, and remove nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// An instance and a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) instance: InstanceId,
    pub(crate) when: When,
}

impl FromStr for Spot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (instance, when) = text
            .split_once('@')
            .ok_or_else(|| "say which archive with ID@WHEN, such as ID@-1 for the newest".to_owned())?;
        let instance = InstanceId::new(instance).map_err(|error| error.to_string())?;
        Ok(Self { instance, when: when.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_an_instance_and_a_time() {
        let spot: Spot = "relaxed-tesla@-2".parse().unwrap();
        assert_eq!((spot.instance.as_str(), spot.when), ("relaxed-tesla", When::Back(2)));
        for wrong in ["relaxed-tesla", "@-1", "db@-1", "a@", "a@b@c"] {
            assert!(wrong.parse::<Spot>().is_err(), "{wrong}");
        }
    }
}
