//! `backups`: the archives of what runs changed.

mod args;
mod diff;
mod list;
mod prune;
mod release;
mod restore;
mod show;
mod verify;

use std::io::{self, IsTerminal, Write};

use reconciler_core::backup::{
    Archive, Contents, Listing, PartDifference, Shelf, Values, When, present, spelled,
};
use reconciler_core::model::{Index, InstanceId, layout};
use reconciler_core::ports::SecretStore;
use reconciler_core::updater::FieldChange;

use super::block_on;
use super::index::unknown;
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, ArchiveRoom};

pub(crate) use self::args::BackupsCommand;
use self::args::{PlaceArgs, Spot};

pub(crate) fn run(
    global: &GlobalArgs,
    command: &BackupsCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let place = match command {
        BackupsCommand::List(args) => &args.place,
        BackupsCommand::Show(args) => &args.place,
        BackupsCommand::Diff(args) => &args.place,
        BackupsCommand::Verify(args) => &args.place,
        BackupsCommand::Restore(args) => &args.place,
        BackupsCommand::Release(args) => &args.place,
        BackupsCommand::Prune(args) => &args.place,
    };
    let PlaceArgs { source, store } = place;
    let settings = wiring::settings(global, &[source, store], output)?;
    let access = if command.writes() { Access::Write } else { Access::Look };
    block_on(async |stop| {
        let room = ArchiveRoom::open(&settings, access, stop, output).await?;
        match command {
            BackupsCommand::List(args) => list::run(&room, args, output).await,
            BackupsCommand::Show(args) => show::run(&room, args, output).await,
            BackupsCommand::Diff(args) => diff::run(&room, args, output).await,
            BackupsCommand::Verify(args) => verify::run(&room, args, output).await,
            BackupsCommand::Restore(args) => restore::run(&room, args, output).await,
            BackupsCommand::Release(args) => release::run(&room, args, output).await,
            BackupsCommand::Prune(args) => prune::run(&room, args, output).await,
        }
    })
}

/// The archives of one instance, or of all.
async fn listings(room: &ArchiveRoom, only: Option<&InstanceId>) -> Result<Vec<Listing>, Failure> {
    let shelf = room.shelf();
    Ok(match only {
        Some(instance) => {
            let slot = room.store().read(layout::INDEX).await?;
            let key = spelled(slot.data(), instance);
            let listing = shelf.list(key.as_ref().unwrap_or(instance)).await?;
            if key.is_none() && listing.archives.is_empty() && listing.unreadable.is_empty() {
                let index = slot.data().map(Index::from_object).unwrap_or_default();
                return Err(unknown(instance, &index));
            }
            vec![listing]
        }
        None => shelf.list_all().await?,
    })
}

/// An instance as the index spells it; as it was given, if the index does not
/// know it.
async fn as_spelled(store: &dyn SecretStore, instance: &InstanceId) -> Result<InstanceId, Failure> {
    let index = store.read(layout::INDEX).await?;
    Ok(spelled(index.data(), instance).unwrap_or_else(|| instance.clone()))
}

/// Reads the archive that is meant.
async fn archive(shelf: &Shelf<'_>, instance: &InstanceId, when: When) -> Result<Archive, Failure> {
    let listing = shelf.list(instance).await?;
    Ok(shelf.read(instance, listing.find(when)?).await?)
}

/// What is to be looked at: an archive, or what stands in the store.
struct Sight {
    instance: InstanceId,
    archive: Option<Archive>,
    contents: Contents,
}

impl Sight {
    async fn of(room: &ArchiveRoom, spot: &Spot) -> Result<Self, Failure> {
        let instance = as_spelled(room.store(), &spot.instance).await?;
        if spot.when == When::Now {
            let contents = present(room.store(), &instance).await?;
            return Ok(Self { instance, archive: None, contents });
        }
        let archive = archive(&room.shelf(), &instance, spot.when).await?;
        Ok(Self { instance, contents: archive.contents.clone(), archive: Some(archive) })
    }

    /// Where it is, for people.
    fn place(&self) -> String {
        self.archive.as_ref().map_or_else(|| format!("{} now", self.instance), |archive| archive.path.clone())
    }
}

/// Whether values may be shown: to a person who looks, never to a file or a
/// pipe.
fn values(asked: bool) -> Result<Values, Failure> {
    match asked {
        false => Ok(Values::Redacted),
        true if io::stdout().is_terminal() => Ok(Values::Shown),
        true => Err(Failure::told(
            "values are shown on a terminal only",
            "leave out --show-values, or give the command on a terminal without redirecting its output",
        )),
    }
}

/// Parts with their fields, as `plan` shows them.
fn write_parts(out: &mut dyn Write, parts: &[PartDifference]) -> io::Result<()> {
    for PartDifference { path, creates, fields, .. } in parts {
        writeln!(out, "{} {path}", if *creates { '+' } else { '~' })?;
        for FieldChange { field, before, after } in fields {
            match (before, after) {
                (None, Some(after)) => writeln!(out, "    + {field}: {after}")?,
                (Some(before), Some(after)) => writeln!(out, "    ~ {field}: {before} -> {after}")?,
                (before, None) => writeln!(out, "    - {field}: {}", before.as_deref().unwrap_or_default())?,
            }
        }
    }
    Ok(())
}
