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
    let (mut unanswered, mut unfinished) = (0, 0);
    let run = loop {
        match remote.get(&path).await {
            Ok(run) if run["state"] == "ended" => break run,
            // Neither waiting nor under way: nobody will write how it ended.
            Ok(run) if run["state"] == "unfinished" => {
                if unfinished == PATIENCE {
                    break run;
                }
                (unanswered, unfinished) = (0, unfinished + 1);
            }
            Ok(_) => (unanswered, unfinished) = (0, 0),
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
    if run["state"] == "unfinished" {
        output.warn(&format!(
            "run {run_id} is not finished, and nobody makes it: the daemon that made it ended in its midst; \
             what was written stays right, and the next run goes on from there"
        ));
    }
    output.answer("RemoteRun", run["complete"] == true, &run, |out| text(out, &run))?;
    Ok(exit(&run))
}

/// As if the run had been made here.
fn exit(run: &Value) -> Exit {
    if run["state"] == "unfinished" {
        return Exit::Interrupted;
    }
    match run["outcome"].as_str().unwrap_or_default() {
        "complete" => Exit::Success,
        "incomplete" => Exit::Incomplete,
        "refused" => Exit::Refused,
        "interrupted" | "aborted" => Exit::Interrupted,
        _ => Exit::Remote,
    }
}

fn text(out: &mut dyn Write, run: &Value) -> io::Result<()> {
    let findings = run["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    for finding in findings {
        let part = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        writeln!(out, "{}  {}: {}", part("code"), part("subject"), part("message"))?;
    }
    let count = |name: &str| run["counts"][name].as_u64().unwrap_or_default();
    let more = count("findings").saturating_sub(findings.len() as u64);
    if more > 0 {
        writeln!(out, "and {more} findings more, which the journal does not keep")?;
    }
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
