//! Watches the scripts, by what is in them, and takes them over between runs.

use std::sync::Arc;
use std::time::Duration;

use reconciler_core::matching::ChainEntry;
use reconciler_strategies::script::{LiveScripts, Reload};

use super::board::Board;
use super::reload::Setup;
use crate::wiring;

/// How often the scripts are looked at. Twice the same means that nobody is
/// writing any more.
const EVERY: Duration = Duration::from_secs(1);

/// How a chain is shown.
type View = fn(&[ChainEntry]) -> serde_json::Value;

/// Looks at the scripts until it is dropped.
pub(crate) async fn watch_scripts(setup: &Setup, board: &Board, view: View) {
    let mut taken = print_of(setup).await;
    let mut last = taken.clone();
    loop {
        tokio::time::sleep(EVERY).await;
        let now = print_of(setup).await;
        if now == last && now != taken {
            if let Some(scripts) = setup.scripts() {
                reload(scripts, setup, board, view).await;
            }
            taken.clone_from(&now);
        }
        last = now;
    }
}

/// What stands in the scripts now; reading files is nothing for this thread.
async fn print_of(setup: &Setup) -> Option<String> {
    let scripts = setup.scripts()?;
    tokio::task::spawn_blocking(move || scripts.print_on_disk()).await.ok()
}

async fn reload(scripts: Arc<LiveScripts>, setup: &Setup, board: &Board, view: View) {
    let settings = setup.settings();
    let reload = move || {
        // A chain may name a script that is no longer there.
        scripts.reload_if(|set| wiring::engine_with(&settings, Some(set)).map(drop))
    };
    let Ok(outcome) = tokio::task::spawn_blocking(reload).await else { return };
    match outcome {
        Ok(Reload::Replaced(set)) => {
            board.refused_scripts.set(None);
            board.measurements.record_scripts(true);
            match setup.engine() {
                Ok(engine) => board.strategies.set(view(engine.chain().entries())),
                Err(failure) => tracing::error!("no chain can be built: {}", failure.in_one_line()),
            }
            tracing::info!(scripts = set.scripts().len(), "scripts changed: the next run uses them");
        }
        Ok(Reload::Refused(problems)) => {
            let lines: Vec<String> = problems.errors().map(ToString::to_string).collect();
            refused(board, &problems.to_string(), &lines);
        }
        Err(failure) => {
            let line = failure.in_one_line();
            refused(board, &line, std::slice::from_ref(&line));
        }
        Ok(_) => board.refused_scripts.set(None),
    }
}

/// Tells why scripts are not in use: as a whole who asks, and problem by problem
/// who reads the log.
fn refused(board: &Board, problems: &str, lines: &[String]) {
    // Whoever reads the log and then asks finds it there.
    board.refused_scripts.set(Some(problems.to_owned()));
    board.measurements.record_scripts(false);
    for line in lines {
        tracing::error!("scripts changed and are not taken over: {line}");
    }
    tracing::error!("the last good scripts stay in use");
}
