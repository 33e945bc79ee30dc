//! Sequences of scans: what counts, what does not, and what heals. Every run
//! opens the state anew, so that each sequence is also one of restarts.

use chrono::Duration;
use reconciler_core::synchronizer::Waiting;

use super::{World, codes, id, name, object};

/// Something that happens; instance 0 is looked at.
#[derive(Debug, Clone, Copy)]
enum Step {
    Deletes,
    Returns,
    Minutes(u64),
    /// A run that sees everything.
    Run,
    /// A run that cannot read the manifest of instance 1.
    Incomplete,
    /// A run during which the Director becomes another one.
    AnotherDirector,
    /// A run whose credentials see less.
    LessInReach,
    DryRun,
    /// `orphans list`.
    List,
    /// What the entry says now.
    Says(&'static str),
}

use Step::*;

async fn play(story: &str, interval: Duration, steps: &[Step]) {
    let world = World::of(6).await;
    world.run().await;
    for (at, step) in steps.iter().enumerate() {
        match *step {
            Deletes => world.delete(0),
            Returns => world.deploy(0),
            Minutes(minutes) => world.wait(minutes),
            Run => {
                let report = world.run_with(|run| run.options.interval = interval).await;
                assert!(report.complete, "{story}, step {at}: {report:?}");
            }
            Incomplete => {
                world.director.holdings().unreadable.insert(name(1));
                let report = world.run_with(|run| run.options.interval = interval).await;
                assert!(!report.complete, "{story}, step {at}");
                world.director.holdings().unreadable.clear();
            }
            AnotherDirector => {
                world.director.holdings().later_uuid = Some(id(99));
                let report = world.run_with(|run| run.options.interval = interval).await;
                assert!(!report.complete, "{story}, step {at}");
                world.director.holdings().later_uuid = None;
            }
            LessInReach => {
                world.director.holdings().scopes = Some(vec!["bosh.teams.a.read".to_owned()]);
                let report = world.run_with(|run| run.options.interval = interval).await;
                assert!(!report.complete, "{story}, step {at}");
                world.director.holdings().scopes = Some(vec!["bosh.read".to_owned()]);
            }
            DryRun => {
                world.run_with(|run| (run.options.interval, run.options.dry_run) = (interval, true)).await;
            }
            List => {
                world.orphans().await;
            }
            Says(expected) => assert_eq!(world.says(0).await, expected, "{story}, step {at}"),
        }
    }
    // Whatever happened, nothing else was touched.
    for number in 1..6 {
        assert_eq!(world.says(number).await, "-", "{story}, instance {number}");
        assert_eq!(world.entry(number).await.raw("note").unwrap().get(), "1.10");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_turns_missing_by_two_complete_scans_an_hour_apart_and_by_nothing_less() {
    let stories: [(&str, &[Step]); 14] = [
        ("an hour", &[Deletes, Run, Minutes(59), Run, Says("-"), Minutes(1), Run, Says("missing")]),
        ("one scan, however late", &[Deletes, Minutes(6000), Run, Says("-")]),
        ("many scans in a minute", &[Deletes, Run, Run, Run, Run, Run, Says("-")]),
        ("a restart hastens nothing", &[Deletes, Run, Minutes(4000), Run, Says("missing")]),
        (
            "what was between two scans far apart nobody knows",
            &[Deletes, Run, Minutes(86_400), Run, Says("-"), Minutes(60), Run, Says("missing")],
        ),
        (
            "nor what was between three days of failed ones",
            &[
                Deletes,
                Run,
                Minutes(2_000),
                Incomplete,
                Minutes(2_400),
                Run,
                Says("-"),
                Minutes(60),
                Run,
                Says("missing"),
            ],
        ),
        (
            "orphan ageing on failed scans",
            &[
                Deletes,
                Incomplete,
                Minutes(90),
                Incomplete,
                Minutes(90),
                Run,
                Says("-"),
                Minutes(60),
                Run,
                Says("missing"),
            ],
        ),
        (
            "what is counted stays counted over failed scans",
            &[
                Deletes,
                Run,
                Minutes(30),
                Incomplete,
                Minutes(30),
                Incomplete,
                Says("-"),
                Run,
                Says("missing"),
            ],
        ),
        (
            "another Director proves nothing",
            &[Deletes, Run, Minutes(60), AnotherDirector, Says("-"), Run, Says("missing")],
        ),
        (
            "credentials that see less prove nothing",
            &[Deletes, Run, Minutes(60), LessInReach, LessInReach, Says("-"), Run, Says("missing")],
        ),
        (
            "a dry run and a list count nothing",
            &[
                Deletes,
                DryRun,
                List,
                Minutes(60),
                DryRun,
                List,
                Run,
                Says("-"),
                DryRun,
                List,
                Minutes(60),
                List,
                DryRun,
                Says("-"),
                Run,
                Says("missing"),
            ],
        ),
        (
            "what returns begins anew",
            &[
                Deletes,
                Run,
                Minutes(60),
                Returns,
                Run,
                Deletes,
                Run,
                Minutes(59),
                Run,
                Says("-"),
                Minutes(1),
                Run,
                Says("missing"),
            ],
        ),
        (
            "what was seen by an incomplete scan was seen",
            &[
                Deletes,
                Run,
                Minutes(60),
                Returns,
                Incomplete,
                Deletes,
                Run,
                Says("-"),
                Minutes(60),
                Run,
                Says("missing"),
            ],
        ),
        (
            "it heals in a complete scan and in an incomplete one",
            &[
                Deletes,
                Run,
                Minutes(60),
                Run,
                Says("missing"),
                Returns,
                Incomplete,
                Says("-"),
                Deletes,
                Run,
                Minutes(60),
                Run,
                Says("missing"),
                Returns,
                Run,
                Says("-"),
            ],
        ),
    ];
    for (story, steps) in stories {
        play(story, Duration::minutes(10), steps).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interval_between_runs_is_waited_for_where_it_is_longer_than_an_hour() {
    let steps = [Deletes, Run, Minutes(120), Run, Says("-"), Minutes(240), Run, Says("missing")];
    play("every 6 hours", Duration::hours(6), &steps).await;
    let steps = [Deletes, Run, Minutes(100_000), Run, Says("-")];
    play("never", Duration::MAX, &steps).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_entry_turns_stale_after_thirty_days_once_and_heals_from_there_too() {
    const DAY: u64 = 24 * 60;
    let steps = [
        Deletes,
        Run,
        Minutes(60),
        Run,
        Says("missing"),
        Minutes(30 * DAY),
        Run,
        Says("missing"),
        Minutes(DAY),
        Incomplete,
        Says("missing"),
        DryRun,
        Says("missing"),
        Run,
        Says("stale"),
        Minutes(100 * DAY),
        Run,
        Says("stale"),
        Returns,
        Run,
        Says("-"),
    ];
    play("a month", Duration::hours(1), &steps).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_what_blacksmith_stores_and_nothing_else_changes() {
    let world = World::of(5).await;
    world.absent_for_an_hour([2]).await;
    let before = world.entry(2).await;
    let report = world.run().await;
    let mut after = world.entry(2).await;
    assert_eq!(after.text("orphaned_at").unwrap(), "2027-01-15T09:00:00Z");
    assert_eq!(after.text("orphaned_reason").unwrap(), "no_bosh_deployment");
    for mark in ["orphaned", "orphaned_at", "orphaned_reason"] {
        after.remove(mark);
    }
    assert_eq!(after.to_text(), before.to_text());
    let counts = report.counts;
    assert_eq!((counts.missing, counts.absent, counts.marked, counts.stale, counts.writes), (1, 0, 1, 0, 1));
    assert!(codes(&report).contains("entry.missing"));

    // A month later, by two scans again; the days are written once.
    world.wait(31 * 24 * 60 - 60);
    assert_eq!(world.run().await.counts.stale, 0);
    world.wait(60);
    let report = world.run().await;
    assert_eq!((report.counts.missing, report.counts.stale, report.counts.marked), (0, 1, 1));
    let stale = world.entry(2).await;
    assert_eq!(stale.raw("days_orphaned").unwrap().get(), "31");
    assert_eq!(stale.text("stale_since").unwrap(), "2027-01-15T09:00:00Z");
    assert_eq!(stale.text("preservation_reason").unwrap(), "service_instance_historical_data");
    world.wait(24 * 60);
    let report = world.run_with(|run| run.options.verify_interval = Duration::MAX).await;
    assert_eq!((report.counts.stale, report.counts.marked, report.counts.writes), (1, 0, 0));
    assert_eq!(world.entry(2).await, stale);

    world.deploy(2);
    let report = world.run().await;
    assert_eq!((report.counts.healed, report.counts.stale), (1, 0));
    assert!(!world.entry(2).await.to_text().contains("orphan"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_state_nothing_turns_missing_and_the_run_says_so() {
    let mut world = World::of(3).await;
    world.remembers = false;
    world.delete(0);
    for _ in 0..3 {
        let report = world.run().await;
        assert!(codes(&report).contains("state.none"), "{:?}", report.findings);
        assert_eq!(report.absent[0].waiting, Some(Waiting::NoState));
        assert_eq!(world.says(0).await, "-");
        world.wait(6000);
    }
    // Nothing is said where nothing is absent.
    world.deploy(0);
    assert!(!codes(&world.run().await).contains("state.none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_instances_heal_whoever_called_them_so_and_whatever_becomes_of_their_records() {
    let cases = [
        // The reference deletes after one 404, and skips the instance for ever.
        r#"{"status":"deleted","deleted_by":"reconciler","deleted_at":"2026-11-01T00:00:00Z","deletion_reason":"x"}"#,
        r#"{"status":"deleted","deleted_by":"vm-monitor","deleted_at":"2026-11-01T00:00:00Z"}"#,
        r#"{"status":"deleted","reconciled_by":"deployment_reconciler","orphaned":true,"orphan_check_count":23}"#,
        r#"{"orphaned":true,"orphaned_at":1700000000,"stale":true,"days_orphaned":90}"#,
        r#"{"orphaned":true,"status":"provisioning_started"}"#,
    ];
    for marks in cases {
        let world = World::of(3).await;
        world.run().await;
        world
            .change_entry(1, |entry| {
                object(marks).iter().for_each(|(field, value)| entry.set(field, value.to_owned()))
            })
            .await;
        let report = world.run().await;
        let text = world.entry(1).await.to_text();
        assert!(!text.contains("orphan") && !text.contains("stale") && !text.contains("deleted"), "{text}");
        assert_eq!(report.counts.healed, usize::from(marks.contains("orphaned\"")), "{marks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_heals_though_its_records_are_left_alone() {
    let world = World::of(3).await;
    world.run().await;
    // Its plan was retired: nothing else is written.
    let marked = r#"{"service_id":"redis","plan_id":"redis-legacy","orphaned":true,"orphaned_at":"2026-11-01T00:00:00Z"}"#;
    let mut index = world.index().await;
    index.set_value(id(7), &object(marked));
    world.put("db", &index).await;
    world.director.holdings().deployments.insert(format!("redis-legacy-{}", id(7)), String::new());
    let report = world.run().await;
    assert_eq!(report.counts.healed, 1, "{report:?}");
    assert_eq!(world.entry(7).await.to_text(), r#"{"service_id":"redis","plan_id":"redis-legacy"}"#);
    assert!(codes(&report).contains("plan.retired"));

    // What is held, or worked on, waits.
    for number in [1, 2] {
        world.change_entry(number, |entry| entry.set_value("orphaned", &true)).await;
    }
    world.change_entry(1, |entry| entry.set_value("reconciler_hold", &"x")).await;
    world.director.holdings().locked.insert(name(2));
    let report = world.run().await;
    assert_eq!((report.counts.healed, world.says(1).await, world.says(2).await), (0, "missing", "missing"));
    world.change_entry(1, |entry| drop(entry.remove("reconciler_hold"))).await;
    world.director.holdings().locked.clear();
    assert_eq!(world.run().await.counts.healed, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_not_deleted_after_24_hours_or_24_checks() {
    // The reference takes an entry out after a day, or after 24 scans.
    let world = World::of(2).await;
    world.absent_for_an_hour([0]).await;
    world.run().await;
    let marked = world.entry(0).await;
    for _ in 0..26 {
        world.wait(60);
        world.run().await;
    }
    assert_eq!((world.says(0).await, world.entry(0).await), ("missing", marked));
}
