//! `history`: what happened to instances, whoever noted it; or which runs there
//! were.

mod args;

use std::io::{self, Write};

use chrono::SecondsFormat;
use reconciler_core::inspection::{Event, Histories, Unread, histories, history_of};
use reconciler_core::model::{Index, InstanceId, layout};
use reconciler_core::ports::SecretStore;
use serde::Serialize;

use super::block_on;
use super::index::unknown;
use super::status::show_journal;
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table, outcome_style};
use crate::wiring::{self, JournalPlace, RecordRoom};

pub(crate) use self::args::HistoryArgs;

#[derive(Serialize)]
struct HistoryView {
    /// Newest first.
    events: Vec<Event>,
    /// How many there are in all.
    total: usize,
    /// How many entries of histories are none that can be read; they stay.
    odd: usize,
    unread: Vec<Unread>,
}

pub(crate) fn run(global: &GlobalArgs, args: &HistoryArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store], output)?;
    if let Some(runs) = args.runs {
        return block_on(async |stop| {
            let place = JournalPlace::find(&settings, stop).await?;
            show_journal("HistoryOfRuns", &place, runs, output)?;
            Ok(Exit::Success)
        });
    }
    block_on(async |stop| {
        let room = RecordRoom::open(&settings, stop, output).await?;
        let slot = room.index().await?;
        let index = slot.data().map(Index::from_object).unwrap_or_default();
        let found = match &args.instance {
            Some(instance) => of_one(room.store(), instance, &index).await?,
            None => histories(room.store(), &index).await,
        };
        let Histories { mut events, odd, unread } = found;
        let total = events.len();
        events.truncate(if args.limit == 0 { total } else { args.limit });
        let view = HistoryView { events, total, odd, unread };
        let complete = view.unread.is_empty();
        output.answer("History", complete, &view, |out| text(out, &view))?;
        Ok(if complete { Exit::Success } else { Exit::Incomplete })
    })
}

/// The history of one instance. One that has left the index may have one still.
async fn of_one(store: &dyn SecretStore, instance: &InstanceId, index: &Index) -> Result<Histories, Failure> {
    let entry = index.entry(instance);
    let instance = entry.map_or(instance, |entry| &entry.instance);
    let slot = store.read(&layout::metadata(instance)).await?;
    let Some(metadata) = slot.data() else {
        return match entry {
            Some(_) => Ok(Histories { events: Vec::new(), odd: 0, unread: Vec::new() }),
            None => Err(unknown(instance, index)),
        };
    };
    let mut history = history_of(instance, metadata);
    history.events.reverse();
    Ok(Histories { events: history.events, odd: history.odd, unread: Vec::new() })
}

fn text(out: &mut dyn Write, view: &HistoryView) -> io::Result<()> {
    let mut table = Table::new(["When", "Instance", "Source", "Action", "Description"]);
    for event in &view.events {
        let at = event.at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let [source, action, description] =
            [&event.source, &event.action, &event.description].map(Clone::clone);
        table.row([at, event.instance.to_string(), source, action, description]);
    }
    if table.is_empty() {
        writeln!(out, "Nothing has been noted.")?;
    } else {
        table.print(out)?;
    }
    let red = outcome_style("unknown");
    for Unread { subject, why } in &view.unread {
        writeln!(out, "{red}unread{red:#}  {subject}: {why}")?;
    }
    if view.odd > 0 {
        let entries = if view.odd == 1 { "entry" } else { "entries" };
        writeln!(out, "{} {entries} cannot be read; they stay as they are", view.odd)?;
    }
    if view.events.len() < view.total {
        writeln!(out, "{} of {} events; --limit 0 shows all", view.events.len(), view.total)?;
    }
    Ok(())
}
