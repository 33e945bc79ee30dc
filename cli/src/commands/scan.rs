//! `scan`: every deployment with its decision.

use std::collections::BTreeMap;
use std::io::{self, Write};

use reconciler_core::manager::{Counts, Survey, Unknown};
use reconciler_core::matching::{Decision, DecisionView, Outcome, Rules};
use reconciler_core::model::visible;
use reconciler_core::updater::Finding;
use serde::Serialize;

use super::block_on;
use crate::args::{GlobalArgs, ScanArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table, in_one_line, outcome_style};
use crate::wiring::{self, Access, Workbench};

#[derive(Serialize)]
struct ScanData<'a> {
    director_uuid: &'a str,
    chain: String,
    policy: String,
    rules: Rules,
    index: String,
    counts: Counts,
    decisions: Vec<DecisionView<'a>>,
    findings: Vec<&'a Finding>,
    unknown: &'a [Unknown],
}

pub(crate) fn run(global: &GlobalArgs, args: &ScanArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.input], output)?;
    let filter = wiring::filter(&args.filter)?;
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::Look, filter, stop, output).await?;
        let survey = bench.reconciler().survey().await?;
        let shown: Vec<&Decision> =
            survey.decisions.iter().filter(|decision| bench.filter().admits(decision)).collect();
        let data = ScanData {
            director_uuid: &survey.scan.info.uuid,
            chain: bench.engine.fingerprint().to_string(),
            policy: bench.engine.policy().to_string(),
            rules: Rules::of(&bench.engine),
            index: survey.facts.index.fingerprint(),
            counts: survey.counts(),
            decisions: shown.iter().map(|decision| DecisionView::of(decision)).collect(),
            findings: survey.findings_for(bench.filter()),
            unknown: &survey.unknown,
        };
        output
            .answer("Scan", survey.is_complete(), &data, |out| text(out, &survey, &shown, &data.findings))?;
        Ok(if survey.is_complete() { Exit::Success } else { Exit::Incomplete })
    })
}

fn text(out: &mut dyn Write, survey: &Survey, shown: &[&Decision], findings: &[&Finding]) -> io::Result<()> {
    let mut table = Table::new(["Deployment", "Outcome", "Confidence", "Service", "Plan", "Instance"]);
    for decision in shown {
        table.row(row(decision));
    }
    if !table.is_empty() {
        table.print(out)?;
        writeln!(out)?;
    }
    write_findings(out, findings.iter().copied())?;
    write_unknown(out, &survey.unknown)?;
    write_counts(out, &survey.counts())
}

/// What people should know, a line each.
pub(super) fn write_findings<'a>(
    out: &mut dyn Write,
    findings: impl Iterator<Item = &'a Finding> + Clone,
) -> io::Result<()> {
    let widest = findings.clone().map(|finding| finding.code.len()).max().unwrap_or_default();
    for Finding { code, subject, message } in findings {
        writeln!(out, "{code:<widest$}  {}: {}", in_one_line(subject), in_one_line(message))?;
    }
    Ok(())
}

/// What could not be seen or understood: a line for each reason, with the first
/// deployment it is the reason for.
pub(super) fn write_unknown(out: &mut dyn Write, unknown: &[Unknown]) -> io::Result<()> {
    let red = outcome_style("unknown");
    let mut more: BTreeMap<&str, usize> = BTreeMap::new();
    for one in unknown {
        *more.entry(&one.why).or_default() += 1;
    }
    for Unknown { deployment, why } in unknown {
        let count = more.remove(why.as_str());
        // What was saved may come from others.
        let [deployment, why] = [deployment, why].map(visible);
        match count {
            None => {}
            Some(1) => writeln!(out, "{red}unknown{red:#}  {deployment}: {why}")?,
            Some(count) => writeln!(out, "{red}unknown{red:#}  {deployment} and {} more: {why}", count - 1)?,
        }
    }
    Ok(())
}

fn row(decision: &Decision) -> [String; 6] {
    let outcome = match &decision.outcome {
        Outcome::Review(reason) => format!("review ({reason})"),
        other => other.name().to_owned(),
    };
    // What a person has to look at is shown with the best that was proposed.
    let best = decision.winner().or_else(|| decision.leader());
    let identity = |part: fn(&reconciler_core::model::Identity) -> &str| {
        best.map(|ranked| part(&ranked.identity).to_owned()).unwrap_or_default()
    };
    [
        decision.deployment.to_string(),
        outcome,
        best.map(|ranked| ranked.confidence.to_string()).unwrap_or_default(),
        identity(|identity| identity.service.as_str()),
        identity(|identity| identity.plan.as_str()),
        identity(|identity| identity.instance.as_str()),
    ]
}

/// The line that sums up the decisions.
pub(super) fn write_counts(out: &mut dyn Write, counts: &Counts) -> io::Result<()> {
    let (green, yellow) = (outcome_style("matched"), outcome_style("review"));
    write!(
        out,
        "{} deployments: {green}{} matched{green:#}, {yellow}{} review{yellow:#}, {} unmatched",
        counts.deployments, counts.matched, counts.review, counts.unmatched
    )?;
    if counts.degraded > 0 {
        write!(out, "; {} of them degraded", counts.degraded)?;
    }
    writeln!(out)
}
