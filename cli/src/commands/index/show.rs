//! `index show`: the entries as they stand, without anything secret.

use std::io::{self, Write};

use reconciler_core::inspection::{EntryView, OtherView, entry_view, other_views};
use reconciler_core::model::{Index, InstanceId};
use reconciler_core::ports::{Clock as _, SystemClock, Version};
use serde::Serialize;

use super::args::ShowArgs;
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::wiring::{self, RecordRoom};

#[derive(Serialize)]
struct IndexView {
    /// 0 if there is none.
    version: Version,
    entries: Vec<EntryView>,
    /// Members that are no entries.
    others: Vec<OtherView>,
}

pub(super) fn run(global: &GlobalArgs, args: &ShowArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store], output)?;
    block_on(async |stop| {
        let room = RecordRoom::open(&settings, stop, output).await?;
        let slot = room.index().await?;
        let index = slot.data().map(Index::from_object).unwrap_or_default();
        let now = SystemClock.now();
        match &args.instance {
            Some(instance) => {
                let entry = index.entry(instance).ok_or_else(|| unknown(instance, &index))?;
                let view = entry_view(entry, now);
                output.answer("IndexEntry", true, &view, |out| one(out, &view))?;
            }
            None => {
                let entries = index.entries().iter().map(|entry| entry_view(entry, now)).collect();
                let view = IndexView { version: slot.version(), entries, others: other_views(&index) };
                output.answer("Index", true, &view, |out| all(out, &view))?;
            }
        }
        Ok(Exit::Success)
    })
}

/// Says that the index does not have an instance, and which one is meant.
pub(in crate::commands) fn unknown(instance: &InstanceId, index: &Index) -> Failure {
    let known: Vec<String> = index.entries().iter().map(|entry| entry.instance.to_string()).collect();
    let advice = match reconciler_core::matching::nearest(instance.as_str(), &known) {
        Some(id) => format!("did you mean `{id}`?"),
        None => "`index show` lists the entries there are".to_owned(),
    };
    Failure::told(format!("the index has no entry of instance `{instance}`"), advice)
}

fn one(out: &mut dyn Write, view: &EntryView) -> io::Result<()> {
    writeln!(out, "{}  {}", view.instance, view.state)?;
    for field in &view.fields {
        writeln!(out, "    {}: {}", field.field, field.value)?;
    }
    Ok(())
}

fn all(out: &mut dyn Write, view: &IndexView) -> io::Result<()> {
    let mut table = Table::new(["Instance", "State", "Service", "Plan", "Name", "Deployment"]);
    for entry in &view.entries {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let [service, plan, name, deployment] =
            [&entry.service, &entry.plan, &entry.name, &entry.deployment].map(or_none);
        table.row([entry.instance.clone(), entry.state.to_string(), service, plan, name, deployment]);
    }
    if !table.is_empty() {
        table.print(out)?;
    }
    for other in &view.others {
        writeln!(out, "no entry  {}: {}", other.key, other.kind)?;
    }
    match view.entries.len() {
        0 if view.version == Version::NEVER => writeln!(out, "There is no index yet."),
        1 => writeln!(out, "1 entry, version {}", view.version),
        entries => writeln!(out, "{entries} entries, version {}", view.version),
    }
}
