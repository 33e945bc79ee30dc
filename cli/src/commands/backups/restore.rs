//! `backups restore`: puts an archive back, and holds the instance.

use std::io::{self, Write};

use reconciler_core::backup::{Part, Restoration, RestoreOrder, When, refuse_counted, restore};
use reconciler_core::model::{Index, layout};
use reconciler_core::ports::{Clock, SystemClock};

use super::args::RestoreArgs;
use super::{archive, as_spelled, write_parts};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::ArchiveRoom;

pub(super) async fn run(
    room: &ArchiveRoom,
    args: &RestoreArgs,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let instance = as_spelled(room.store(), &args.spot.instance).await?;
    if args.spot.when == When::Now {
        return Err(Failure::told(
            "`now` is what stands in the store, and no archive to put back",
            format!("`backups list {instance}` shows the archives there are"),
        ));
    }
    let only = args.only.as_deref().map(|text| {
        Part::named(text, &instance).ok_or_else(|| {
            Failure::told(
                format!("`{}` is nothing that an archive holds", text.escape_debug()),
                "name root, manifest, metadata or index",
            )
        })
    });
    let only = only.transpose()?;
    let archive = archive(&room.shelf(), &instance, args.spot.when).await?;
    let index = room.store().read(layout::INDEX).await?;
    let index = index.data().map(Index::from_object).unwrap_or_default();
    let entry = index.entry(&instance).map(|entry| &entry.fields);
    let now = SystemClock.now();
    refuse_counted(&archive, args.spot.when, &instance, entry, now)?;
    let folder = room.folder().await?;
    let order = RestoreOrder {
        archive: &archive,
        only,
        folder: &folder,
        at: now,
        allow_other_plan: args.allow_other_plan,
        dry_run: args.dry_run,
    };
    let restoration = restore(room.store(), &instance, &order).await?;
    output.answer("Restoration", true, &restoration, |out| text(out, &restoration))?;
    Ok(Exit::Success)
}

fn text(out: &mut dyn Write, restoration: &Restoration) -> io::Result<()> {
    let instance = &restoration.instance;
    write_parts(out, &restoration.changes)?;
    for part in &restoration.left {
        writeln!(out, "{}: not in the archive; it stays as it is", part.path(instance))?;
    }
    if restoration.dry_run {
        return writeln!(out, "Nothing was written: this was a dry run.");
    }
    writeln!(out, "{} is put back, taken {}.", restoration.archive, restoration.taken_at)?;
    if let Some(replaced) = &restoration.replaced {
        writeln!(out, "What stood there is kept as {replaced}.")?;
    }
    writeln!(out, "Runs leave the instance alone until `backups release {instance}`.")
}
