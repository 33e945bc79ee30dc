//! `status`: what a daemon is doing, or what the journal says of the last runs.

mod args;

use std::io::{self, Write};
use std::time::Duration;

use chrono::DateTime;
use reconciler_core::manager::CancellationToken;
use serde::Serialize;
use serde_json::Value;

use super::block_on;
use crate::args::GlobalArgs;
use crate::daemon::JournalLine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table, outcome_style};
use crate::remote::Remote;
use crate::wiring::{self, JournalPlace};

pub(crate) use self::args::StatusArgs;

/// How often a watched status is shown.
const EVERY: Duration = Duration::from_secs(2);

/// The latest runs of the journal.
#[derive(Serialize)]
struct Journal {
    journal: String,
    runs: Vec<JournalLine>,
}

/// What a daemon says of itself.
#[derive(Serialize)]
struct RemoteStatus {
    status: Value,
    runs: Value,
}

pub(crate) fn run(global: &GlobalArgs, args: &StatusArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store, &args.remote], output)?;
    let remote = Remote::of(&args.remote, &settings, &[])?;
    block_on(async |stop| {
        let place = match &remote {
            Some(_) => None,
            None => Some(JournalPlace::find(&settings, stop).await?),
        };
        let mut is_first = true;
        loop {
            if !std::mem::take(&mut is_first) {
                output.turn_page()?;
            }
            match (&remote, &place) {
                (Some(remote), _) => show_remote(remote, args.runs, output).await?,
                (None, Some(place)) => show_journal("LocalStatus", place, args.runs, output)?,
                (None, None) => {}
            }
            if !args.watch || has_stopped(stop).await {
                return Ok(Exit::Success);
            }
        }
    })
}

/// Waits for the next time; a watch ends well when it is ended.
async fn has_stopped(stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => true,
        () = tokio::time::sleep(EVERY) => false,
    }
}

/// How many runs that is; 0 means all.
fn at_most(runs: usize) -> usize {
    if runs == 0 { usize::MAX } else { runs }
}

/// Shows the latest runs of a journal; 0 means all.
pub(super) fn show_journal(
    kind: &str,
    place: &JournalPlace,
    limit: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    let runs = place.runs(at_most(limit))?.into_iter().map(JournalLine::from).collect();
    let journal = Journal { journal: place.address(), runs };
    output.answer(kind, true, &journal, |out| {
        writeln!(out, "Journal   {}", journal.journal)?;
        match journal.runs.first() {
            None => writeln!(out, "No run yet."),
            Some(_) => write_runs(out, &journal.runs),
        }
    })
}

async fn show_remote(remote: &Remote, limit: usize, output: &mut Output) -> Result<(), Failure> {
    let status = RemoteStatus {
        status: remote.get("/api/v1/status").await?,
        runs: remote.get(&format!("/api/v1/runs?limit={}", at_most(limit))).await?,
    };
    let runs: Vec<JournalLine> = serde_json::from_value(status.runs.clone()).map_err(Failure::local)?;
    output.answer("RemoteStatus", true, &status, |out| {
        let now = &status.status;
        for (label, field) in [("Director", "director"), ("Store", "store"), ("Version", "version")] {
            if let Some(value) = now[field].as_str() {
                writeln!(out, "{label:<9} {value}")?;
            }
        }
        match (&now["current_run"], now["enabled"].as_bool()) {
            (Value::Object(run), _) => writeln!(out, "Running   {}", current(run))?,
            (_, Some(false)) => writeln!(out, "Idle      runs are switched off")?,
            _ => writeln!(out, "Idle      {}", next(now["next_run_at"].as_str()))?,
        }
        writeln!(out, "Instances {} found, {} in line", now["instances_found"], now["instances_synced"])?;
        for (label, field) in [("configuration", "refused_configuration"), ("scripts", "refused_scripts")] {
            if let Some(why) = now[field].as_str() {
                writeln!(out, "warning: the {label} changed and is not in force: {why}")?;
            }
        }
        for error in now["errors"].as_array().into_iter().flatten() {
            writeln!(out, "error: {}", error.as_str().unwrap_or_default())?;
        }
        if runs.is_empty() { Ok(()) } else { write_runs(out, &runs) }
    })
}

/// When the next run is due.
fn next(at: Option<&str>) -> String {
    let at = at.and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    match at {
        Some(at) => format!("next run at {} UTC", at.to_utc().format("%Y-%m-%d %H:%M:%S")),
        None => "no run is due".to_owned(),
    }
}

fn current(run: &serde_json::Map<String, Value>) -> String {
    let text = |field: &str| run.get(field).and_then(Value::as_str).unwrap_or_default();
    let reached = run.get("reached").map(|reached| {
        let phase = reached["phase"].as_str().unwrap_or_default();
        format!(", {phase} {} of {}", reached["done"], reached["of"])
    });
    format!("{} ({}){}", text("run_id"), text("trigger"), reached.unwrap_or_default())
}

/// Runs, a line each.
pub(crate) fn write_runs(out: &mut dyn Write, runs: &[JournalLine]) -> io::Result<()> {
    writeln!(out)?;
    let mut table =
        Table::new(["Run", "By", "Started", "Took", "Outcome", "Matched", "Changed", "Failed", "Why"]);
    for run in runs {
        let count = |name: &str| run.counts[name].as_u64().map(|count| count.to_string()).unwrap_or_default();
        let took = run.finished_at.map(|end| (end - run.started_at).as_seconds_f64());
        table.row([
            run.run_id.clone(),
            run.trigger.clone().unwrap_or_default(),
            run.started_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            took.map(|took| format!("{took:.1}s")).unwrap_or_default(),
            // It runs, or was killed: nobody came to write how it ended.
            run.outcome.clone().unwrap_or_else(|| "unfinished".to_owned()),
            count("matched"),
            count("changed"),
            count("failed"),
            run.error.clone().unwrap_or_default().chars().take(60).collect(),
        ]);
    }
    table.print(out)?;
    if let Some(failed) = runs.first().and_then(|run| Some((run.error.as_ref()?, run.outcome.as_deref()?))) {
        let (why, outcome) = failed;
        let style = outcome_style(outcome);
        writeln!(out, "\n{style}{outcome}{style:#}: {why}")?;
    }
    Ok(())
}
