//! The report tells of every instance what became of it and why, and the numbers
//! are the sums of that.

use reconciler_core::manager::{InstanceOutcome, RunReport};
use reconciler_core::model::layout;
use reconciler_core::ports::PortErrorKind;
use reconciler_tests::watched::{Request, Trouble};

use super::{Bench, INSTANCE};

/// That every matched instance stands in the report once and is counted once.
fn adds_up(report: &RunReport) {
    let counts = report.counts;
    let of = |outcome| report.instances.iter().filter(|one| one.outcome == outcome).count();
    for (outcome, count) in [
        (InstanceOutcome::Changed, counts.changed),
        (InstanceOutcome::Unchanged, counts.unchanged),
        (InstanceOutcome::Skipped, counts.skipped),
        (InstanceOutcome::Conflicted, counts.conflicted),
        (InstanceOutcome::Failed, counts.failed),
        (InstanceOutcome::NotBegun, counts.not_begun),
    ] {
        assert_eq!(of(outcome), count, "{outcome:?}");
    }
    assert_eq!(report.instances.len(), counts.matched - counts.filtered);
    assert!(report.instances.iter().all(|one| !one.reason.is_empty() && !one.deployment.is_empty()));
}

fn ours(report: &RunReport) -> (InstanceOutcome, &str) {
    let one = report.instances.iter().find(|one| one.instance == INSTANCE).unwrap();
    (one.outcome, &one.reason)
}

async fn run_all(bench: &Bench) -> RunReport {
    let report = bench.run_with(|run| run.options.filter = Default::default()).await;
    adds_up(&report);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn every_instance_has_one_outcome_with_its_reason() {
    let bench = Bench::new().await;
    let first = run_all(&bench).await;
    assert_eq!(ours(&first), (InstanceOutcome::Changed, "differed: record, manifest, metadata, index entry"));
    let second = run_all(&bench).await;
    assert_eq!(ours(&second), (InstanceOutcome::Unchanged, "its records were read and are right"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_was_written_in_part_is_unfinished_and_the_next_run_finishes_it() {
    let bench = Bench::new().await;
    let path = format!("{INSTANCE}/metadata");
    bench.store.plan(Request::Write, &path, 1, Trouble::Fails(PortErrorKind::Denied));
    let report = run_all(&bench).await;
    let (outcome, reason) = ours(&report);
    assert_eq!(outcome, InstanceOutcome::Failed);
    assert!(reason.starts_with("unfinished, 2 of its secrets were written before"), "{reason}");
    assert!(!report.complete);
    let report = run_all(&bench).await;
    assert_eq!(ours(&report), (InstanceOutcome::Changed, "differed: metadata, index entry"));
    assert_eq!(bench.history().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_whose_entry_was_not_written_are_named_as_unfinished() {
    let bench = Bench::new().await;
    bench.store.plan(Request::Write, layout::INDEX, 1, Trouble::Fails(PortErrorKind::TooLarge));
    let report = run_all(&bench).await;
    let (outcome, reason) = ours(&report);
    assert_eq!((outcome, report.counts.changed), (InstanceOutcome::Failed, 0));
    assert!(reason.starts_with("unfinished, its index entry was not written"), "{reason}");
    let report = run_all(&bench).await;
    assert_eq!(ours(&report), (InstanceOutcome::Changed, "differed: index entry"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_vanished_meanwhile_is_told_with_its_instance() {
    let bench = Bench::new().await;
    let mut index = bench.fields(layout::INDEX).await;
    index.remove(INSTANCE);
    let before = vec![(layout::INDEX.to_owned(), Some(index))];
    bench.store.plan(Request::Write, layout::INDEX, 1, Trouble::Precedes(before));
    let report = run_all(&bench).await;
    let (outcome, reason) = ours(&report);
    assert_eq!(outcome, InstanceOutcome::Conflicted);
    assert!(reason.contains("left alone: removed by somebody else"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_names_the_instances_that_were_not_begun() {
    let bench = Bench::new().await;
    // The store goes away with the first manifest that is read.
    bench.store.plan(Request::Read, "/manifest", 1, Trouble::Fails(PortErrorKind::Unavailable));
    let report = bench
        .run_with(|run| {
            run.options.filter = Default::default();
            run.options.concurrency = 1;
        })
        .await;
    adds_up(&report);
    assert_eq!(report.counts.failed, 1);
    assert!(report.counts.not_begun > 10 && !report.complete);
    let waiting: Vec<_> =
        report.instances.iter().filter(|one| one.outcome == InstanceOutcome::NotBegun).collect();
    let finding = report.findings.iter().find(|finding| finding.code == "run.stopped").unwrap();
    assert!(finding.message.contains(&waiting[0].instance), "{}", finding.message);
    let report = run_all(&bench).await;
    assert_eq!((report.counts.not_begun, report.counts.failed), (0, 0));
}
