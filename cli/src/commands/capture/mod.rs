//! `capture`: everything a decision is made from, in a folder without secrets.

mod args;
mod replay;

use std::io::{self, Write};
use std::path::Path;

use reconciler_core::decisions::{ChangeKind, Difference};
use reconciler_core::manager::{Filter, Unknown};
use reconciler_core::matching::MatchEngine;
use serde::Serialize;

pub(crate) use self::args::{CaptureArgs, ReplayArgs};
pub(crate) use self::replay::run as replay;
use super::block_on;
use super::difference::text;
use super::scan::write_unknown;
use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::wiring::{self, Access, Capture, CapturedFleet, Workbench};

#[derive(Serialize)]
struct CaptureView<'a> {
    folder: &'a Path,
    director_uuid: &'a str,
    chain: String,
    deployments: usize,
    manifests: usize,
    plans: usize,
    index_entries: usize,
    unknown: Vec<Unknown>,
    shortfalls: Vec<String>,
    /// What the capture decides in another way.
    replay: &'a Difference,
}

pub(crate) fn run(global: &GlobalArgs, args: &CaptureArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.input], output)?;
    block_on(async |stop| {
        // Before anything is asked: whoever cannot keep the answer needs none.
        let mut capture = Capture::begin(&args.out)?;
        let bench = Workbench::open(&settings, Access::Look, Filter::default(), stop, output).await?;
        let survey = bench.reconciler().survey().await?;
        let written = capture.take(&bench, &survey, stop).await?;
        // A capture is good for something only if it decides as its model did.
        let replay = CapturedFleet::open(&args.out)?.replay(&bench.engine, stop).await?;
        capture.keep();
        let shortfalls: Vec<String> =
            survey.scan.completeness.shortfalls.iter().map(ToString::to_string).collect();
        let unknown: Vec<Unknown> = written
            .unread
            .iter()
            .map(|(deployment, why)| Unknown { deployment: deployment.to_string(), why: why.clone() })
            .collect();
        let complete = unknown.is_empty() && shortfalls.is_empty() && replay.is_empty();
        let view = CaptureView {
            folder: &args.out,
            director_uuid: &survey.scan.info.uuid,
            chain: bench.engine.fingerprint().to_string(),
            deployments: survey.decisions.len(),
            manifests: written.manifests,
            plans: survey.facts.catalog.plan_count(),
            index_entries: survey.facts.index.len(),
            unknown,
            shortfalls,
            replay: &replay,
        };
        output.answer("Capture", complete, &view, |out| write_text(out, &view, &bench.engine))?;
        Ok(if complete { Exit::Success } else { Exit::Incomplete })
    })
}

fn write_text(out: &mut dyn Write, view: &CaptureView<'_>, engine: &MatchEngine) -> io::Result<()> {
    let red = outcome_style("incomplete");
    for shortfall in &view.shortfalls {
        writeln!(out, "{red}incomplete{red:#}  {shortfall}")?;
    }
    write_unknown(out, &view.unknown)?;
    text::changes(out, view.replay, ChangeKind::heading, |_| true)?;
    writeln!(
        out,
        "{} deployments, {} manifests, {} plans, {} index entries in {}; secrets are hidden",
        view.deployments,
        view.manifests,
        view.plans,
        view.index_entries,
        view.folder.display()
    )?;
    if view.replay.is_empty() {
        writeln!(
            out,
            "Replayed: all {} decisions are the same, by chain {}.",
            view.deployments,
            engine.fingerprint()
        )
    } else {
        writeln!(out, "The capture decides these in another way: do not rely on it for them.")
    }
}
