//! `strategies`: what can be in the chain.

use reconciler_core::matching::{Chain, ChainEntry, ChainError, nearest, registered};
use serde::Serialize;

use crate::args::{GlobalArgs, StrategiesCommand};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table};
use crate::wiring;

#[derive(Serialize)]
struct StrategyView<'a> {
    id: &'a str,
    version: u32,
    priority: u16,
    family: reconciler_core::matching::Family,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc: Option<&'a str>,
    origin: &'a str,
}

fn view(entry: &ChainEntry, doc: bool) -> StrategyView<'_> {
    StrategyView {
        id: entry.id.as_str(),
        version: entry.meta.version,
        priority: entry.meta.priority,
        family: entry.meta.family,
        summary: &entry.meta.summary,
        doc: doc.then_some(&*entry.meta.doc),
        origin: &entry.origin,
    }
}

/// The strategies of a chain, as a document.
pub(super) fn views(entries: &[ChainEntry]) -> serde_json::Value {
    let views: Vec<_> = entries.iter().map(|entry| view(entry, false)).collect();
    serde_json::to_value(views).expect("texts and numbers are JSON")
}

pub(crate) fn run(
    global: &GlobalArgs,
    command: &StrategiesCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[command], output)?;
    let mut entries = registered()?;
    entries.extend(wiring::scripts(&settings)?.into_iter().flat_map(|set| set.entries()));
    let chain = Chain::of(entries)?;
    match command {
        StrategiesCommand::List { .. } => list(chain.entries(), output),
        StrategiesCommand::Show { id, .. } => show(chain.entries(), id, output),
    }
}

fn list(entries: &[ChainEntry], output: &mut Output) -> Result<Exit, Failure> {
    let views: Vec<_> = entries.iter().map(|entry| view(entry, false)).collect();
    output.answer("Strategies", true, &views, |out| {
        let mut table = Table::new(["Strategy", "Priority", "Evidence", "What it does"]);
        for entry in &views {
            let [id, summary] = [entry.id, entry.summary].map(str::to_owned);
            table.row([id, entry.priority.to_string(), entry.family.to_string(), summary]);
        }
        table.print(out)
    })?;
    Ok(Exit::Success)
}

fn show(entries: &[ChainEntry], id: &str, output: &mut Output) -> Result<Exit, Failure> {
    let Some(entry) = entries.iter().find(|entry| entry.id.as_str() == id) else {
        let known: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
        return Err(ChainError::Unknown { name: id.to_owned(), nearest: nearest(id, &known), known }.into());
    };
    output.answer("Strategy", true, &view(entry, true), |out| {
        writeln!(
            out,
            "{} (version {}, priority {}, {})",
            entry.id, entry.meta.version, entry.meta.priority, entry.meta.family
        )?;
        writeln!(out, "{}\n\n{}", entry.meta.summary, entry.meta.doc)
    })?;
    Ok(Exit::Success)
}
