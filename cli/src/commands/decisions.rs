//! `decisions`: decisions held against the right answers.

use std::io::{self, Write};

use anyhow::anyhow;
use reconciler_core::adapters::fleet::read_labels;
use reconciler_core::manager::{Filter, Unknown};
use reconciler_core::matching::{Evaluation, StrategyScore, Verdict};
use serde::Serialize;

use super::block_on;
use super::scan::write_unknown;
use crate::args::{DecisionsCommand, EvalArgs, GlobalArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Table, outcome_style};
use crate::wiring::{self, Access, Workbench};

#[derive(Serialize)]
struct EvaluationView<'a> {
    labelled: usize,
    matched: u32,
    wrong: u32,
    missed: u32,
    left_for_review: u32,
    precision: f64,
    recall: f64,
    strategies: Vec<StrategyView<'a>>,
    mistakes: Vec<Mistake<'a>>,
    undecided: Vec<&'a str>,
    unlabelled: Vec<&'a str>,
    unknown: &'a [Unknown],
    floor: &'static str,
}

#[derive(Serialize)]
struct StrategyView<'a> {
    id: &'a str,
    #[serde(flatten)]
    score: StrategyScore,
    precision: f64,
    recall: f64,
}

#[derive(Serialize)]
struct Mistake<'a> {
    deployment: &'a str,
    case: &'a str,
    verdict: Verdict,
}

pub(crate) fn run(
    global: &GlobalArgs,
    command: &DecisionsCommand,
    output: &mut Output,
) -> Result<Exit, Failure> {
    match command {
        DecisionsCommand::Eval(args) => eval(global, args, output),
    }
}

fn eval(global: &GlobalArgs, args: &EvalArgs, output: &mut Output) -> Result<Exit, Failure> {
    for (flag, floor) in [("--min-precision", args.min_precision), ("--min-recall", args.min_recall)] {
        if floor.is_some_and(|floor| !(0.0..=1.0).contains(&floor)) {
            return Err(Failure::told(
                format!("{flag}: the floor is not between 0 and 1"),
                "give a ratio such as 0.98",
            ));
        }
    }
    let settings = wiring::settings(global, &[&args.source, &args.matching], output)?;
    block_on(async |stop| {
        let bench = Workbench::open(&settings, Access::FleetOnly, Filter::default(), stop, output).await?;
        let own = bench.source.fleet().map(|fleet| fleet.root().join("labels.yml"));
        let file = args.labels.clone().or(own).ok_or_else(|| {
            Failure::told("nothing says what the right answers are", "give them with --labels FILE")
        })?;
        let labels = read_labels(&file).map_err(|error| advised(error.into()))?;
        let survey = bench.reconciler().survey().await?;
        let evaluation = Evaluation::of(&survey.decisions, &labels);
        // Nothing to hold decisions against would keep every floor.
        if evaluation.verdicts.is_empty() {
            return Err(advised(Failure::local(anyhow!(
                "{}: labels no deployment of the fleet",
                file.display()
            ))));
        }
        let kept = evaluation.precision() >= args.min_precision.unwrap_or(0.0)
            && evaluation.recall() >= args.min_recall.unwrap_or(0.0);
        let case = |name| labels.get(name).map_or("", |label| label.case.as_str());
        let view = EvaluationView {
            labelled: evaluation.verdicts.len(),
            matched: evaluation.counted(Verdict::Matched),
            wrong: evaluation.counted(Verdict::Wrong),
            missed: evaluation.counted(Verdict::Missed),
            left_for_review: evaluation.counted(Verdict::LeftForReview),
            precision: evaluation.precision(),
            recall: evaluation.recall(),
            strategies: bench
                .engine
                .chain()
                .entries()
                .iter()
                .map(|entry| {
                    let score = evaluation.strategies.get(entry.id.as_str()).copied().unwrap_or_default();
                    let recall = score.recall(evaluation.expected_matches);
                    StrategyView { id: entry.id.as_str(), score, precision: score.precision(), recall }
                })
                .collect(),
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
            floor: if kept { "kept" } else { "missed" },
        };
        let complete = view.undecided.is_empty() && survey.is_complete();
        output.answer("Evaluation", complete, &view, |out| text(out, &view, args))?;
        Ok(match (survey.is_complete(), kept) {
            (false, _) => Exit::Incomplete,
            (true, true) => Exit::Success,
            (true, false) => Exit::BelowFloor,
        })
    })
}

/// Labels that cannot be used, with what they look like.
fn advised(failure: Failure) -> Failure {
    failure.or_advise(
        "give labels with --labels FILE: a deployment's name, then `outcome` (matched, review, unmatched) \
         and for a match `service`, `plan` and `instance`",
    )
}

fn text(out: &mut dyn Write, view: &EvaluationView<'_>, args: &EvalArgs) -> io::Result<()> {
    let mut table = Table::new(["Strategy", "Fired", "Correct", "Wrong", "Harmful", "Precision", "Recall"]);
    for StrategyView { id, score, precision, recall } in &view.strategies {
        table.row([
            (*id).to_owned(),
            score.fired.to_string(),
            score.correct.to_string(),
            score.wrong.to_string(),
            score.harmful.to_string(),
            format!("{precision:.3}"),
            format!("{recall:.3}"),
        ]);
    }
    table.print(out)?;
    writeln!(out)?;
    for mistake in &view.mistakes {
        let verdict = if mistake.verdict == Verdict::Wrong { "wrong" } else { "missed" };
        let red = outcome_style(verdict);
        writeln!(out, "{red}{verdict}{red:#}  {}  ({})", mistake.deployment, mistake.case)?;
    }
    for name in &view.undecided {
        writeln!(out, "labelled, but not there: {name}")?;
    }
    for name in &view.unlabelled {
        writeln!(out, "not labelled: {name}")?;
    }
    write_unknown(out, view.unknown)?;
    writeln!(
        out,
        "{} labelled: {} matched, {} wrong, {} missed, {} left for review",
        view.labelled, view.matched, view.wrong, view.missed, view.left_for_review
    )?;
    write!(out, "precision {:.3}, recall {:.3}", view.precision, view.recall)?;
    if args.min_precision.is_some() || args.min_recall.is_some() {
        write!(out, "   floor {}", view.floor)?;
    }
    writeln!(out)
}
