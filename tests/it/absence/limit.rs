//! The limit of what may turn missing in one run: beyond it nothing turns, and
//! everything else is done.

use reconciler_core::synchronizer::Waiting;

use super::{World, codes, message};

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_nothing_turns_and_everything_is_told_and_the_rest_is_done() {
    let world = World::of(60).await;
    world.absent_for_an_hour(0..20).await;
    // Something else to do: an entry to heal.
    world.change_entry(40, |entry| entry.set_value("orphaned", &true)).await;
    let report = world.run().await;
    assert_eq!(report.outcome(), "refused");
    let [refusal] = &report.refusals[..] else { panic!("{:?}", report.refusals) };
    assert_eq!((refusal.guard, refusal.limit, refusal.observed), ("absence.limit", 10, 20));
    for words in ["20 of 60 entries", "at most 10", "absent since the same scan", "bosh.read"] {
        assert!(refusal.message.contains(words), "{words}: {}", refusal.message);
    }
    assert!(refusal.advice.contains("run --allow-missing 20"), "{}", refusal.advice);
    assert_eq!((world.missing().await, report.counts.healed, report.counts.absent), (0, 1, 20));
    let absent: Vec<_> = report.findings.iter().filter(|finding| finding.code == "entry.absent").collect();
    assert_eq!(absent.len(), 20);
    let waits = Some(Waiting::BeyondLimit { limit: 10, observed: 20 });
    assert!(report.absent.iter().all(|one| one.waiting == waits));
    // A few are looked at, to tell whether the list is wrong; not all.
    let looks = world.director.requests().iter().filter(|asked| asked.starts_with("manifest")).count();
    assert_eq!(looks, 40 + 5);

    // It is said again, not forgotten.
    assert_eq!(world.run().await.refusals.len(), 1);
    // Allowed once, it is done once.
    let report = world.run_with(|run| run.options.allow_missing = Some(20)).await;
    assert_eq!((report.refusals.len(), report.counts.marked, world.missing().await), (0, 20, 20));
    assert_eq!(report.outcome(), "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn up_to_the_limit_all_turn_and_less_than_is_needed_does_not_help() {
    let world = World::of(60).await;
    world.absent_for_an_hour(0..10).await;
    assert_eq!(world.run().await.counts.marked, 10);
    let world = World::of(60).await;
    world.absent_for_an_hour(0..11).await;
    let report = world.run_with(|run| run.options.allow_missing = Some(3)).await;
    assert_eq!((report.counts.marked, report.refusals[0].limit), (0, 10));
    // A small index: never more than a quarter.
    let world = World::of(8).await;
    world.absent_for_an_hour(0..3).await;
    assert_eq!(world.run().await.refusals[0].limit, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_cut_marks_nothing_and_is_named_as_the_cause() {
    let world = World::of(40).await;
    world.run().await;
    world.director.holdings().unlisted = (20..40).map(super::name).collect();
    let report = world.run().await;
    assert_eq!(message(&report, "scan.fewer-deployments"), "20 deployments, 40 in the last complete scan");
    for _ in 0..3 {
        world.wait(60);
        let report = world.run().await;
        assert_eq!(world.missing().await, 0);
        assert!(codes(&report).contains("scan.list-contradicted"));
        assert!(!report.complete);
        if let Some(refusal) = report.refusals.first() {
            assert!(refusal.message.contains("list lacks deployments that are there"), "{}", refusal.message);
        }
    }
}
