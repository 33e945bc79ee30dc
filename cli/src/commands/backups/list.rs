//! `backups list`: the archives there are.

use std::io::{self, Write};

use reconciler_core::backup::{Listing, Moment, Unreadable};
use reconciler_core::model::InstanceId;
use serde::Serialize;

use super::args::ListArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::wiring::ArchiveRoom;

#[derive(Serialize)]
struct ArchivesView<'a> {
    archives: Vec<ArchiveView<'a>>,
    unreadable: Vec<&'a Unreadable>,
}

#[derive(Serialize)]
struct ArchiveView<'a> {
    instance: &'a InstanceId,
    /// Counted from the newest, as `@-1` names it.
    place: String,
    taken_at: Moment,
    timestamp: u64,
    path: &'a str,
}

pub(super) async fn run(room: &ArchiveRoom, args: &ListArgs, output: &mut Output) -> Result<Exit, Failure> {
    let listings = super::listings(room, args.instance.as_ref()).await?;
    let view = ArchivesView {
        archives: listings.iter().flat_map(archives).collect(),
        unreadable: listings.iter().flat_map(|listing| &listing.unreadable).collect(),
    };
    let complete = view.unreadable.is_empty();
    output.answer("Archives", complete, &view, |out| text(out, &view))?;
    Ok(if complete { Exit::Success } else { Exit::Incomplete })
}

fn archives(listing: &Listing) -> impl Iterator<Item = ArchiveView<'_>> {
    listing.archives.iter().enumerate().map(|(at, listed)| ArchiveView {
        instance: &listing.instance,
        place: format!("-{}", at + 1),
        taken_at: listed.at,
        timestamp: listed.at.0,
        path: &listed.path,
    })
}

fn text(out: &mut dyn Write, view: &ArchivesView<'_>) -> io::Result<()> {
    let mut table = Table::new(["Instance", "When", "Taken", "Timestamp", "Path"]);
    for archive in &view.archives {
        let [place, path] = [archive.place.as_str(), archive.path].map(str::to_owned);
        let (taken, timestamp) = (archive.taken_at.to_string(), archive.timestamp.to_string());
        table.row([archive.instance.to_string(), place, taken, timestamp, path]);
    }
    if table.is_empty() {
        writeln!(out, "There are no archives.")?;
    } else {
        table.print(out)?;
    }
    for fault in &view.unreadable {
        writeln!(out, "unreadable  {}: {}", fault.path, fault.why)?;
    }
    Ok(())
}
