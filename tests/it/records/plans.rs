//! Saved plans under trouble: what moves or breaks off between computing and
//! writing.

use reconciler_core::manager::{Application, InstanceOutcome, Plan, RunError};
use reconciler_core::model::json::raw;
use reconciler_core::model::{JsonObject, layout};
use reconciler_core::ports::PortErrorKind;
use reconciler_tests::watched::{Request, Trouble};

use super::{Bench, INSTANCE};

async fn plan(bench: &Bench) -> Plan {
    let plan = bench.with(async |run| run.plan().await.unwrap().1).await;
    // As it comes back from a file.
    Plan::parse(&plan.to_text()).unwrap()
}

async fn apply(bench: &Bench, plan: &Plan) -> Result<Application, RunError> {
    bench.with(async |run| run.apply(plan).await).await
}

/// Everything of the instance, with the versions.
async fn everything(bench: &Bench) -> Vec<reconciler_core::ports::Slot> {
    let mut slots = Vec::new();
    for path in [layout::INDEX.to_owned(), INSTANCE.to_owned()] {
        slots.push(bench.slot(&path).await);
    }
    for below in ["/manifest", "/metadata"] {
        slots.push(bench.slot(&format!("{INSTANCE}{below}")).await);
    }
    slots
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_writes_what_it_says_and_twice_is_as_good_as_once() {
    let bench = Bench::new().await;
    let before = everything(&bench).await;
    let planned = plan(&bench).await;
    assert_eq!(everything(&bench).await, before, "a plan writes nothing");
    assert_eq!(planned.changes.instances.len(), 1);
    let secrets = &planned.changes.instances[0].secrets;
    assert!(
        secrets.len() == 3 && secrets.iter().all(|secret| secret.version.0 == 0 && secret.before.is_none())
    );

    let done = apply(&bench, &planned).await.unwrap();
    assert!(!done.was_applied && done.report.complete);
    assert_eq!((done.report.counts.changed, done.report.counts.writes), (1, 4));
    let once = everything(&bench).await;
    let again = apply(&bench, &planned).await.unwrap();
    assert!(again.was_applied && again.report.counts.writes == 0);
    assert_eq!(everything(&bench).await, once);
    // It was all there was to do.
    assert_eq!(bench.run().await.counts.writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_broke_off_is_finished_by_the_next_apply() {
    for path in
        [INSTANCE.to_owned(), format!("{INSTANCE}/manifest"), format!("{INSTANCE}/metadata"), "db".to_owned()]
    {
        for trouble in [Trouble::Fails(PortErrorKind::Denied), Trouble::AnswerLost] {
            let bench = Bench::new().await;
            let planned = plan(&bench).await;
            bench.store.plan(Request::Write, &path, 1, trouble.clone());
            let first = apply(&bench, &planned).await.unwrap();
            let second = apply(&bench, &planned).await.unwrap();
            let written = first.report.counts.writes + second.report.counts.writes;
            // A write whose answer was lost is not ours to count.
            assert!((3..=4).contains(&written), "{path} {trouble:?}: {written}");
            assert!(apply(&bench, &planned).await.unwrap().was_applied, "{path} {trouble:?}");
            assert_eq!(bench.history().await.len(), 1);
            assert_eq!(bench.run().await.counts.writes, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_while_a_plan_is_applied_is_left_as_it_is() {
    let bench = Bench::new().await;
    let planned = plan(&bench).await;
    let path = format!("{INSTANCE}/metadata");
    let mut theirs = JsonObject::new();
    theirs.set("made_by", raw("the broker"));
    // Between the reading and the writing: both passes read, and then this.
    bench.store.plan(
        Request::Write,
        INSTANCE,
        1,
        Trouble::Precedes(vec![(path.clone(), Some(theirs.clone()))]),
    );
    let done = apply(&bench, &planned).await.unwrap();
    assert!(!done.report.complete);
    assert_eq!(done.report.instances[0].outcome, InstanceOutcome::Conflicted);
    let reason = &done.report.instances[0].reason;
    assert!(reason.contains("`7cd5767f-4790-4fe2-ba2d-288743bd4d3f/metadata` was read"), "{reason}");
    assert_eq!(bench.fields(&path).await, theirs);
    assert!(!bench.entry().await.contains("deployment_name"));
    let refused = apply(&bench, &planned).await.unwrap_err().to_string();
    assert!(refused.contains("version 0 of"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_instance_does_is_nothing_to_a_plan() {
    let bench = Bench::new().await;
    let planned = plan(&bench).await;
    bench.change(layout::INDEX, |index| index.set("somebody", raw(&JsonObject::new()))).await;
    assert!(apply(&bench, &planned).await.unwrap().report.complete);
    assert!(bench.fields(layout::INDEX).await.contains("somebody"));
}
