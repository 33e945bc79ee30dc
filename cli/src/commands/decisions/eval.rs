//! `decisions eval`: decisions held against the right answers.

use std::io::{ErrorKind, Read as _};
use std::path::Path;

use anyhow::anyhow;
use reconciler_core::manager::{Filter, Unknown};
use reconciler_core::matching::{Confusion, Evaluation, Measure, StrategyScore, SweepPoint, Verdict, sweep};
use serde::Serialize;

use super::args::EvalArgs;
use super::eval_text;
use super::floors::{self, HeldFloor};
use crate::args::GlobalArgs;
use crate::commands::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, Access, Workbench};

#[derive(Serialize)]
pub(super) struct EvaluationView<'a> {
    pub(super) labelled: usize,
    pub(super) matched: u32,
    pub(super) wrong: u32,
    pub(super) missed: u32,
    pub(super) left_for_review: u32,
    #[serde(flatten)]
    pub(super) measure: Measure,
    pub(super) confusion: Confusion,
    pub(super) strategies: Vec<StrategyView<'a>>,
    pub(super) services: Vec<ServiceView<'a>>,
    pub(super) mistakes: Vec<Mistake<'a>>,
    pub(super) undecided: Vec<&'a str>,
    pub(super) unlabelled: Vec<&'a str>,
    pub(super) unknown: &'a [Unknown],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sweep: Option<Vec<SweepPoint>>,
    /// `kept` if every floor is, also if none was given.
    pub(super) floor: &'static str,
    pub(super) floors: Vec<HeldFloor>,
}

#[derive(Serialize)]
pub(super) struct StrategyView<'a> {
    pub(super) id: &'a str,
    #[serde(flatten)]
    pub(super) score: StrategyScore,
    #[serde(flatten)]
    pub(super) measure: Measure,
}

/// A strategy's score where it proposed this service.
#[derive(Serialize)]
pub(super) struct ServiceView<'a> {
    pub(super) service: &'a str,
    #[serde(flatten)]
    pub(super) strategy: StrategyView<'a>,
}

#[derive(Serialize)]
pub(super) struct Mistake<'a> {
    pub(super) deployment: &'a str,
    pub(super) case: &'a str,
    pub(super) verdict: Verdict,
}

pub(super) fn run(global: &GlobalArgs, args: &EvalArgs, output: &mut Output) -> Result<Exit, Failure> {
    // Before anything is decided: a slip of the pen costs no time.
    if let Some(Some(file)) = &args.sweep {
        refuse_foreign(file)?;
    }
    let settings = wiring::settings(global, &[&args.source, &args.matching], output)?;
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::FleetOnly, Filter::default(), stop, output).await?;
        let own = bench.source.fleet().map(|fleet| fleet.root().join("labels.yml"));
        let file = args.labels.clone().or(own).ok_or_else(|| {
            Failure::told("nothing says what the right answers are", "give them with --labels FILE")
        })?;
        let labels = wiring::labels(&file).map_err(advised)?;
        let survey = bench.reconciler().survey().await?;
        let evaluation = Evaluation::of(&survey.decisions, &labels);
        // Nothing to hold decisions against would keep every floor.
        if evaluation.verdicts.is_empty() {
            return Err(advised(Failure::local(anyhow!(
                "{}: labels no deployment of the fleet",
                file.display()
            ))));
        }
        let sweep = args.sweep.as_ref().map(|_| {
            let deployments = bench.source.fleet_deployments();
            sweep(&bench.engine, &deployments, &survey.facts, &labels)
        });
        if let (Some(Some(file)), Some(points)) = (&args.sweep, &sweep) {
            write_csv(file, points)?;
        }
        let chain = bench.engine.chain().entries();
        let ids: Vec<String> = chain.iter().map(|entry| entry.id.to_string()).collect();
        let catalog = &survey.facts.catalog;
        let floors = floors::held(&evaluation, catalog, &ids, &args.min_precision, &args.min_recall)?;
        let kept = floors.iter().all(|floor| floor.kept);
        let case = |name| labels.get(name).map_or("", |label| label.case.as_str());
        let view = EvaluationView {
            labelled: evaluation.verdicts.len(),
            matched: evaluation.counted(Verdict::Matched),
            wrong: evaluation.counted(Verdict::Wrong),
            missed: evaluation.counted(Verdict::Missed),
            left_for_review: evaluation.counted(Verdict::LeftForReview),
            measure: evaluation.measure(),
            confusion: evaluation.confusion,
            strategies: chain
                .iter()
                .map(|entry| {
                    let score = evaluation.strategies.get(entry.id.as_str()).copied().unwrap_or_default();
                    scored(entry.id.as_str(), score, evaluation.expected_matches)
                })
                .collect(),
            services: chain.iter().flat_map(|entry| by_service(&evaluation, entry.id.as_str())).collect(),
            mistakes: evaluation
                .verdicts
                .iter()
                .filter(|(_, verdict)| matches!(verdict, Verdict::Wrong | Verdict::Missed))
                .map(|(name, verdict)| Mistake {
                    deployment: name.as_str(),
                    case: case(name),
                    verdict: *verdict,
                })
                .collect(),
            undecided: evaluation.undecided.iter().map(|name| name.as_str()).collect(),
            unlabelled: evaluation.unlabelled.iter().map(|name| name.as_str()).collect(),
            unknown: &survey.unknown,
            sweep,
            floor: if kept { "kept" } else { "missed" },
            floors,
        };
        let complete = view.undecided.is_empty() && survey.is_complete();
        output.answer("Evaluation", complete, &view, |out| eval_text::write(out, &view, args))?;
        Ok(match (kept, survey.is_complete()) {
            (false, _) => Exit::BelowFloor,
            (true, false) => Exit::Incomplete,
            (true, true) => Exit::Success,
        })
    })
}

fn scored(id: &str, score: StrategyScore, expected: u32) -> StrategyView<'_> {
    StrategyView { id, score, measure: score.measure(expected) }
}

/// A strategy's scores by service: those that it proposed, and those that it
/// should have.
fn by_service<'a>(evaluation: &'a Evaluation, id: &'a str) -> impl Iterator<Item = ServiceView<'a>> {
    let mut services: Vec<_> = evaluation.expected_of.keys().collect();
    services.extend(evaluation.services.keys().filter(|(strategy, _)| strategy == id).map(|(_, one)| one));
    services.sort();
    services.dedup();
    services.into_iter().map(move |service| {
        let score = evaluation.services.get(&(id.to_owned(), service.clone())).copied().unwrap_or_default();
        let expected = evaluation.expected_of.get(service).copied().unwrap_or_default();
        ServiceView { service: service.as_str(), strategy: scored(id, score, expected) }
    })
}

/// Labels that cannot be used, with what they look like.
fn advised(failure: Failure) -> Failure {
    failure.or_advise(
        "give labels with --labels FILE: a deployment's name, then `outcome` (matched, review, unmatched) \
         and for a match `service`, `plan` and `instance`",
    )
}

/// The first line of a sweep's file.
const COLUMNS: &str = "threshold,matched,wrong,missed,left_for_review,precision,recall";

/// Refuses to write over a file that holds something else than a sweep.
fn refuse_foreign(file: &Path) -> Result<(), Failure> {
    let refused = |why: String| {
        let advice = "name another file with --sweep=FILE, or none to see the table only";
        Err(Failure::told(format!("{} {why}", file.display()), advice))
    };
    // A pipe or a terminal holds nothing.
    if std::fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return Ok(());
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| {
        let longest = COLUMNS.len() as u64 + 1;
        file.take(longest).read_to_end(&mut head)
    });
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => refused(format!("cannot be read: {error}")),
        Ok(_) if head.is_empty() || head.trim_ascii_end() == COLUMNS.as_bytes() => Ok(()),
        Ok(_) => refused("holds something else than a sweep, and is not written over".to_owned()),
    }
}

fn write_csv(file: &Path, points: &[SweepPoint]) -> Result<(), Failure> {
    let mut csv = format!("{COLUMNS}\n");
    for point in points {
        let SweepPoint { threshold, matched, wrong, missed, left_for_review, measure, .. } = point;
        let [precision, recall] = [measure.precision, measure.recall]
            .map(|ratio| ratio.map(|ratio| format!("{ratio:.6}")).unwrap_or_default());
        csv.push_str(&format!(
            "{threshold},{matched},{wrong},{missed},{left_for_review},{precision},{recall}\n"
        ));
    }
    std::fs::write(file, csv).map_err(|error| {
        Failure::told(format!("{} cannot be written: {error}", file.display()), "give --sweep=FILE")
    })
}
