//! Clocks that are wrong: no absence is proven by them, and no protection lost.

use std::time::Duration;

use chrono::TimeDelta;
use reconciler_core::manager::Reconciler;
use reconciler_core::ports::{LastScan, RunState as _};

use super::{World, codes, message};

#[tokio::test(flavor = "multi_thread")]
async fn an_absence_that_began_by_a_wrong_clock_is_counted_anew_by_the_right_one() {
    // A machine that booted a year behind, and was set right between two runs.
    let world = World::of(5).await;
    world.run().await;
    world.delete(0);
    world.run().await;
    world.wait(365 * 24 * 60);
    world.run().await;
    assert_eq!(world.says(0).await, "-");
    // One that was ahead, and was set back.
    world.clock.turn_back(Duration::from_secs(3600));
    world.run().await;
    assert_eq!(world.state().absences().unwrap()[0].complete_scans, 1);
    world.wait(59);
    world.run().await;
    assert_eq!(world.says(0).await, "-");
    world.wait(1);
    world.run().await;
    assert_eq!(world.says(0).await, "missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_too_rare_for_their_interval_say_that_they_count_anew_each_time() {
    let world = World::of(5).await;
    world.run().await;
    world.delete(0);
    let first = world.run().await;
    assert!(!codes(&first).contains("scan.counted-anew"));
    let told = message(&first, "entry.absent");
    assert!(
        told.contains("one between 2027-01-15T09:00:00Z and 2027-01-18T08:00:00Z may prove it"),
        "{told}"
    );
    for _ in 0..2 {
        world.wait(7 * 24 * 60);
        // Also who only looks is told so.
        let looked = world.orphans().await;
        let absent = looked.absent.iter().find(|one| one.instance == super::id(0)).unwrap();
        assert_eq!(absent.complete_scans, Some(0));
        let said = message(&world.run().await, "scan.counted-anew");
        assert_eq!(
            said,
            "1 absent entry is counted anew: the last complete scan was 7 days ago, and at most 3 days may be \
             between two; set `interval` to how often one is made"
        );
        assert!(looked.findings.iter().any(|one| one.message == said), "{:?}", looked.findings);
    }
    world.clock.turn_back(Duration::from_secs(7200));
    let said = message(&world.run().await, "scan.counted-anew");
    assert!(said.contains("lies in the future"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_after_one_that_began_later_does_not_reset_the_counting() {
    let world = World::of(5).await;
    world.absent_for_an_hour([0]).await;
    world.clock.turn_back(Duration::from_secs(600));
    world.run().await;
    // It began half a minute before the last one, and ends after it.
    world.clock.turn_back(Duration::from_secs(30));
    let report = world.run().await;
    assert!(!codes(&report).contains("scan.counted-anew"));
    assert_eq!(world.state().absences().unwrap()[0].complete_scans, 3);
    world.clock.advance(Duration::from_secs(630));
    world.run().await;
    assert_eq!(world.says(0).await, "missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_by_a_wrong_clock_neither_empties_the_journal_nor_stays_at_its_top() {
    const DAYS: Duration = Duration::from_secs(400 * 24 * 3600);
    let world = World::of(3).await;
    world.run().await;
    world.wait(60);
    world.run().await;
    world.clock.advance(DAYS);
    world.director.holdings().clock_ahead = Some(-TimeDelta::days(400));
    let wrong = world.run().await.run_id;
    world.clock.turn_back(DAYS);
    world.director.holdings().clock_ahead = None;
    world.wait(60);
    let right = world.run().await.run_id;
    let runs: Vec<String> = world.state().runs(9).unwrap().into_iter().map(|run| run.run_id).collect();
    assert_eq!((runs.len(), &runs[..2]), (4, &[right, wrong][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_interval_counts_over_three_of_its_own() {
    let world = World::of(5).await;
    world.run_with(monthly).await;
    world.delete(0);
    world.run_with(monthly).await;
    world.wait(90 * 24 * 60);
    world.run_with(monthly).await;
    assert_eq!(world.says(0).await, "missing");
}

fn monthly(run: &mut Reconciler<'_>) {
    run.options.interval = TimeDelta::days(30);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_clocks_are_apart_nothing_is_counted_and_nothing_turns() {
    let world = World::of(5).await;
    world.absent_for_an_hour([0]).await;
    let before = world.state().absences().unwrap();
    for (seconds, told) in [(301, "5 min ahead of"), (-7_320, "2 h 2 min behind"), (86_400, "24 h ahead of")]
    {
        world.director.holdings().clock_ahead = Some(TimeDelta::seconds(seconds));
        let report = world.run().await;
        let said = message(&report, "clock.apart");
        assert!(said.contains(told) && said.contains("counts no absence"), "{said}");
        assert!(!report.complete && report.refusals.is_empty());
        assert_eq!((world.says(0).await, report.counts.unseen, report.counts.absent), ("-", 1, 0));
        assert_eq!(world.state().absences().unwrap(), before);
    }
    // A few seconds are nothing.
    world.director.holdings().clock_ahead = Some(TimeDelta::seconds(-299));
    let report = world.run().await;
    assert!(report.complete && !codes(&report).contains("clock.apart"));
    assert_eq!(world.says(0).await, "missing");
    // The list is a whole one, whatever the time: what is there heals.
    world.director.holdings().clock_ahead = Some(TimeDelta::hours(2));
    world.deploy(0);
    world.run().await;
    assert_eq!(world.says(0).await, "-");
    assert!(matches!(world.state().last_scan().unwrap(), Some(LastScan { deployments: 4, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_of_the_broker_protects_also_where_our_clock_is_behind_or_ahead() {
    for (ours_ahead, known) in [(-2, false), (-2, true), (-48, true), (48, true)] {
        let world = World::of(3).await;
        world.run().await;
        let at = now(&world) - TimeDelta::hours(ours_ahead);
        world
            .change_entry(1, |entry| {
                entry.set_value("status", "provisioning_started");
                entry.set_value("requested_at", &at.to_rfc3339());
            })
            .await;
        if known {
            world.director.holdings().clock_ahead = Some(TimeDelta::hours(-ours_ahead));
        }
        let before = world.entry(1).await;
        let report = world.run_with(|run| run.options.full = true).await;
        let said = message(&report, "instance.in-operation");
        assert_eq!(said.contains("still to come by our clock"), ours_ahead < 0, "{said}");
        assert_eq!(world.entry(1).await, before);
    }
    // An entry that was made a minute ago, by a clock two hours ahead, is young.
    let world = World::of(3).await;
    world.absent_for_an_hour([0]).await;
    let at = now(&world) + TimeDelta::minutes(119 + 30);
    world.change_entry(0, |entry| entry.set_value("created", &at.timestamp())).await;
    world.run().await;
    assert_eq!(world.says(0).await, "-");
}

fn now(world: &World) -> chrono::DateTime<chrono::Utc> {
    use reconciler_core::ports::Clock as _;
    world.clock.now()
}
