//! `backups prune`: removes the archives beyond the number that is kept.

use reconciler_core::backup::{Moment, Pruning, oldest_last, prune};
use reconciler_core::ports::{Clock as _, SystemClock};
use serde::Serialize;

use super::args::PruneArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::ArchiveRoom;

#[derive(Serialize)]
struct PruningView {
    dry_run: bool,
    /// How many of each instance stay; 0 keeps all.
    retention: usize,
    removed: Vec<String>,
    foreign: Vec<String>,
}

pub(super) async fn run(room: &ArchiveRoom, args: &PruneArgs, output: &mut Output) -> Result<Exit, Failure> {
    let retention = room.policy().retention;
    let mut view = PruningView { dry_run: args.dry_run, retention, removed: Vec::new(), foreign: Vec::new() };
    let shelf = room.shelf();
    for listing in shelf.list_all().await? {
        for folder in shelf.folders() {
            let seconds = oldest_last(listing.seconds_in(folder), Moment::latest(SystemClock.now()));
            let pruned =
                prune(room.store(), folder, &listing.instance, &seconds, retention, None, args.dry_run);
            let Pruning { removed, foreign } = pruned.await?;
            view.removed.extend(removed);
            view.foreign.extend(foreign);
        }
    }
    output.answer("Pruning", true, &view, |out| {
        for path in &view.removed {
            writeln!(out, "- {path}")?;
        }
        for path in &view.foreign {
            writeln!(out, "{path}: written by somebody else; it stays")?;
        }
        match (view.removed.len(), args.dry_run) {
            (0, _) => writeln!(out, "Nothing to remove."),
            (removed, true) => writeln!(out, "{removed} to remove. Nothing was: this was a dry run."),
            (removed, false) => writeln!(out, "{removed} removed."),
        }
    })?;
    Ok(Exit::Success)
}
