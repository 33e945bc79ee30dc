//! An evaluation for people: scores, confusion, thresholds, mistakes.

use std::io::{self, Write};

use reconciler_core::matching::{Decided, Measure, SweepPoint, Verdict};

use super::args::EvalArgs;
use super::eval::{EvaluationView, ServiceView, StrategyView};
use crate::commands::scan::write_unknown;
use crate::output::{Table, outcome_style};

pub(super) fn write(out: &mut dyn Write, view: &EvaluationView<'_>, args: &EvalArgs) -> io::Result<()> {
    let mut table = Table::new(["Strategy", "Fired", "Correct", "Wrong", "Harmful", "Precision", "Recall"]);
    for StrategyView { id, score, measure } in &view.strategies {
        table.row([
            (*id).to_owned(),
            score.fired.to_string(),
            score.correct.to_string(),
            score.wrong.to_string(),
            score.harmful.to_string(),
            ratio(measure.precision),
            ratio(measure.recall),
        ]);
    }
    table.print(out)?;
    writeln!(out)?;
    if args.services {
        write_services(out, &view.services)?;
    }
    write_confusion(out, view)?;
    if let Some(points) = &view.sweep {
        write_sweep(out, points)?;
    }
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
    let Measure { precision, recall } = view.measure;
    writeln!(out, "precision {}, recall {}", ratio(precision), ratio(recall))?;
    for floor in &view.floors {
        let style = outcome_style(if floor.kept { "matched" } else { "failed" });
        writeln!(out, "{style}{floor}{style:#}")?;
    }
    Ok(())
}

/// A ratio, or that there was nothing to count.
fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.3}"))
}

fn write_services(out: &mut dyn Write, services: &[ServiceView<'_>]) -> io::Result<()> {
    let mut table = Table::new(["Strategy", "Service", "Fired", "Correct", "Wrong", "Precision", "Recall"]);
    for ServiceView { service, strategy } in services {
        let StrategyView { id, score, measure } = strategy;
        table.row([
            (*id).to_owned(),
            (*service).to_owned(),
            score.fired.to_string(),
            score.correct.to_string(),
            score.wrong.to_string(),
            ratio(measure.precision),
            ratio(measure.recall),
        ]);
    }
    table.print(out)?;
    writeln!(out)
}

fn write_confusion(out: &mut dyn Write, view: &EvaluationView<'_>) -> io::Result<()> {
    let mut table = Table::new(["Expected", "Right match", "Wrong match", "Review", "Unmatched"]);
    let confusion = &view.confusion;
    let rows =
        [("matched", confusion.matched), ("review", confusion.review), ("unmatched", confusion.unmatched)];
    for (expected, Decided { right, wrong, review, unmatched }) in rows {
        let cells = [right, wrong, review, unmatched].map(|count| count.to_string());
        let [right, wrong, review, unmatched] = cells;
        table.row([expected.to_owned(), right, wrong, review, unmatched]);
    }
    table.print(out)?;
    writeln!(out)
}

/// One line for neighbouring thresholds that come to the same.
fn write_sweep(out: &mut dyn Write, points: &[SweepPoint]) -> io::Result<()> {
    let mut table =
        Table::new(["Threshold", "Matched", "Wrong", "Missed", "For review", "Precision", "Recall", ""]);
    let counts = |point: &SweepPoint| (point.matched, point.wrong, point.missed, point.left_for_review);
    let same = |a: &SweepPoint, b: &SweepPoint| counts(a) == counts(b) && !a.in_use && !b.in_use;
    for alike in points.chunk_by(same) {
        let [first, .., last] = alike else {
            table.row(sweep_row(alike[0].threshold.to_string(), &alike[0]));
            continue;
        };
        table.row(sweep_row(format!("{} to {}", first.threshold, last.threshold), first));
    }
    table.print(out)?;
    writeln!(out)
}

fn sweep_row(threshold: String, point: &SweepPoint) -> [String; 8] {
    [
        threshold,
        point.matched.to_string(),
        point.wrong.to_string(),
        point.missed.to_string(),
        point.left_for_review.to_string(),
        ratio(point.measure.precision),
        ratio(point.measure.recall),
        if point.in_use { "in use".to_owned() } else { String::new() },
    ]
}
