//! `backups verify`: which archives are whole.

use std::io::{self, Write};

use reconciler_core::backup::{BackupError, Listing, Shelf};
use reconciler_core::model::InstanceId;
use serde::Serialize;

use super::args::VerifyArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::wiring::ArchiveRoom;

#[derive(Default, Serialize)]
struct VerificationView {
    whole: usize,
    doubtful: Vec<Doubt>,
    broken: Vec<Doubt>,
    /// What could not be read.
    unread: Vec<Unread>,
    /// How many older ones were not looked at.
    not_looked_at: usize,
}

#[derive(Serialize)]
struct Doubt {
    instance: InstanceId,
    path: String,
    why: String,
}

#[derive(Serialize)]
struct Unread {
    path: String,
    why: String,
}

pub(super) async fn run(room: &ArchiveRoom, args: &VerifyArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut view = VerificationView::default();
    let shelf = room.shelf();
    for listing in super::listings(room, args.instance.as_ref()).await? {
        verify(&shelf, &listing, args.all, &mut view).await;
    }
    let complete = view.broken.is_empty() && view.unread.is_empty();
    output.answer("Verification", complete, &view, |out| text(out, &view))?;
    Ok(if complete { Exit::Success } else { Exit::Incomplete })
}

async fn verify(shelf: &Shelf<'_>, listing: &Listing, all: bool, view: &mut VerificationView) {
    let instance = &listing.instance;
    let doubt = |path: &str, why: &str| Doubt {
        instance: instance.clone(),
        path: path.to_owned(),
        why: why.to_owned(),
    };
    view.broken.extend(listing.unreadable.iter().map(|fault| doubt(&fault.path, &fault.why)));
    let looked_at = if all { listing.archives.len() } else { 1 };
    view.not_looked_at += listing.archives.len().saturating_sub(looked_at);
    for listed in listing.archives.iter().take(looked_at) {
        match shelf.read(instance, listed).await {
            Ok(archive) if archive.doubts.is_empty() => view.whole += 1,
            Ok(archive) => view.doubtful.push(doubt(&listed.path, &archive.doubts.join("; "))),
            Err(BackupError::Unreadable(fault)) => view.broken.push(doubt(&fault.path, &fault.why)),
            Err(error) => view.unread.push(Unread { path: listed.path.clone(), why: error.to_string() }),
        }
    }
}

fn text(out: &mut dyn Write, view: &VerificationView) -> io::Result<()> {
    let red = outcome_style("failed");
    for Doubt { path, why, .. } in &view.broken {
        writeln!(out, "{red}broken{red:#}    {path}: {why}")?;
    }
    for Unread { path, why } in &view.unread {
        writeln!(out, "{red}unread{red:#}    {path}: {why}")?;
    }
    for Doubt { path, why, .. } in &view.doubtful {
        writeln!(out, "doubtful  {path}: {why}")?;
    }
    let (broken, doubtful) = (view.broken.len(), view.doubtful.len());
    let archives =
        if view.whole == 1 { "1 archive is".to_owned() } else { format!("{} archives are", view.whole) };
    write!(out, "{archives} whole, {doubtful} doubtful, {broken} broken")?;
    match view.unread.len() {
        0 => writeln!(out)?,
        unread => writeln!(out, ", {unread} could not be read")?,
    }
    match view.not_looked_at {
        0 => Ok(()),
        1 => writeln!(out, "1 older one was not looked at: --all"),
        older => writeln!(out, "{older} older ones were not looked at: --all"),
    }
}
