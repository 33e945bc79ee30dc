//! `run --remote`: has a daemon make a run, and waits for what comes of it.

use std::io::{self, Write};
use std::time::Duration;

use reconciler_core::manager::CancellationToken;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::remote::Remote;

/// How often the daemon is asked how far it is.
const EVERY: Duration = Duration::from_millis(500);

/// How many answers in a row may fail to come.
const PATIENCE: u32 = 5;

/// Asks for a run and waits for its end. A signal ends the waiting, and not the
/// run.
pub(super) async fn run(
    remote: &Remote,
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let run_id = remote.ask_for_run().await?;
    output.note(&format!("Run       {run_id}"));
    let path = format!("/api/v1/runs/{run_id}");
    let mut unanswered = 0;
    let run = loop {
        match remote.get(&path).await {
            Ok(run) if run["state"] == "ended" => break run,
            Ok(_) => unanswered = 0,
            // The run goes on; one answer that was lost is no reason to leave it.
            Err(_) if unanswered < PATIENCE => unanswered += 1,
            Err(failure) => return Err(failure),
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                output.note("the daemon goes on with the run; `reconciler status --remote` shows it");
                return Ok(Exit::Interrupted);
            }
            () = tokio::time::sleep(EVERY) => {}
        }
    };
    output.answer("RemoteRun", run["complete"] == true, &run, |out| text(out, &run))?;
    Ok(exit(&run))
}

/// As if the run had been made here.
fn exit(run: &Value) -> Exit {
    match run["outcome"].as_str().unwrap_or_default() {
        "complete" => Exit::Success,
        "incomplete" => Exit::Incomplete,
        "refused" => Exit::Refused,
        "interrupted" | "aborted" => Exit::Interrupted,
        _ => Exit::Remote,
    }
}

fn text(out: &mut dyn Write, run: &Value) -> io::Result<()> {
    for finding in run["findings"].as_array().into_iter().flatten() {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        writeln!(out, "{}  {}: {}", part("code"), part("subject"), part("message"))?;
    }
    let count = |name: &str| run["counts"][name].as_u64().unwrap_or_default();
    let outcome = run["outcome"].as_str().unwrap_or("unfinished");
    let style = outcome_style(outcome);
    write!(
        out,
        "{style}{outcome}{style:#}: {} deployments, {} matched, ",
        count("deployments"),
        count("matched")
    )?;
    writeln!(
        out,
        "{} changed, {} unchanged, {} writes",
        count("changed"),
        count("unchanged"),
        count("writes")
    )?;
    match run["error"].as_str() {
        Some(why) => writeln!(out, "{why}"),
        None => Ok(()),
    }
}
