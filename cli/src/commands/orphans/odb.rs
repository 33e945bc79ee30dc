//! `orphans list --format odb`: strays exactly as the on-demand broker's errand
//! `orphan-deployments` prints them, for scripts that were written for it.

use std::io::{self, Write};

use reconciler_core::manager::OrphanReport;
use serde::Serialize;

use super::args::ListArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The errand's own words.
const WARNING: &str = "Orphan BOSH deployments detected with no corresponding service instance in the platform. \
     Before deleting any deployment it is recommended to verify the service instance no longer exists in the \
     platform and any data is safe to delete.";

#[derive(Serialize)]
struct OrphanDeployment<'a> {
    deployment_name: &'a str,
}

/// Prints the strays, or fails: scripts delete what is in this list, so that
/// one that may be wrong must not look like one.
pub(super) fn answer(report: &OrphanReport, args: &ListArgs, output: &mut Output) -> Result<Exit, Failure> {
    if let Some(finding) = report.findings.iter().find(|finding| finding.code == "index.empty") {
        return Err(Failure::told(
            format!("{}: {}", finding.subject, finding.message),
            "name the store that Blacksmith uses with --store",
        ));
    }
    if !report.complete {
        return Err(Failure::told(
            "not everything could be seen, so the list of strays would not be whole",
            "`orphans list` without --format odb, and `scan`, say what could not be seen",
        ));
    }
    let names = report.strays.iter();
    let list: Vec<_> = names.map(|stray| OrphanDeployment { deployment_name: &stray.deployment }).collect();
    let mut out = anstream::stdout().lock();
    serde_json::to_writer(&mut out, &list).map_err(io::Error::from)?;
    writeln!(out)?;
    if list.is_empty() {
        return Ok(Exit::Success);
    }
    output.note(WARNING);
    Ok(if args.exit_zero { Exit::Success } else { Exit::OrphansFound })
}
