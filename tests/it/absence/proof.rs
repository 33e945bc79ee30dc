//! What an absence must be proven by, and what each run asks for it.

use reconciler_core::manager::EntryState;
use reconciler_core::model::{ServiceId, layout};
use reconciler_core::ports::{DirectorTask, PortErrorKind};
use reconciler_core::synchronizer::Waiting;
use reconciler_tests::watched::{Request, Trouble};

use super::{World, codes, id, message, name, object};

/// A run that would call instance 0 missing, but for something that a test does
/// before.
async fn due() -> World {
    let world = World::of(5).await;
    world.absent_for_an_hour([0]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_absences_asks_nothing_more() {
    let world = World::of(5).await;
    world.run().await;
    let _noted = (world.store.requests(), world.director.requests());
    let report = world.run().await;
    assert_eq!(world.store.requests(), [(Request::Read, "db".to_owned())]);
    let asked = world.director.requests();
    assert_eq!(asked.len(), 5 + 3, "{asked:?}");
    assert_eq!((report.counts.absent, report.counts.stray), (0, 0));

    // One that waits costs the question whether it is still the same Director.
    world.delete(0);
    world.run().await;
    assert_eq!(world.store.requests(), [(Request::Read, "db".to_owned())]);
    assert_eq!(world.director.requests().len(), 4 + 4);
    // One that may turn costs its proof, and its archive.
    world.wait(60);
    assert_eq!(world.run().await.counts.marked, 1);
    let asked: Vec<_> = world.store.requests();
    let task = format!("{}/task", id(0));
    let expected = [
        (Request::Read, "db".to_owned()),
        (Request::List, "backups".to_owned()),
        (Request::Read, task),
        (Request::Read, id(0)),
        (Request::Read, format!("{}/manifest", id(0))),
        (Request::Read, format!("{}/metadata", id(0))),
        (Request::List, format!("{}/backups", id(0))),
        (Request::Write, format!("{}/backups/1800003600", id(0))),
        (Request::Write, "db".to_owned()),
    ];
    assert_eq!(asked, expected);
    let asked = world.director.requests();
    assert_eq!((asked.len(), asked.contains(&format!("manifest {}", name(0)))), (4 + 5, true), "{asked:?}");
    // One that is missing costs nothing more.
    world.run().await;
    assert_eq!(world.store.requests(), [(Request::Read, "db".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_a_direct_look_finds_is_not_missing_and_the_list_is_not_believed() {
    let world = World::of(6).await;
    world.run().await;
    world.director.holdings().unlisted.insert(name(0));
    world.delete(1);
    world.run().await;
    world.wait(60);
    // A list that was wrong once proves nothing about the other one either.
    let report = world.run().await;
    assert!(message(&report, "scan.list-contradicted").contains(&name(0)));
    assert!(!report.complete);
    assert_eq!((world.says(0).await, world.says(1).await), ("-", "-"));
    // What was seen is not absent any more, whatever the list says; the other
    // one is looked at by itself.
    world.wait(60);
    let report = world.run().await;
    assert!(!codes(&report).contains("scan.list-contradicted"));
    assert_eq!((world.says(0).await, world.says(1).await), ("-", "missing"));
    world.director.holdings().unlisted.clear();
    assert!(world.run().await.complete);
    assert_eq!(world.says(0).await, "-");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_directors_own_word_means_gone() {
    let world = due().await;
    world.director.holdings().unreadable.insert(name(0));
    let report = world.run().await;
    assert_eq!(world.says(0).await, "-");
    assert!(matches!(&report.absent[0].waiting, Some(Waiting::Unproven { why }) if why.contains(&name(0))));
    world.director.holdings().unreadable.clear();
    assert_eq!(world.run().await.counts.marked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_director_or_the_broker_is_at_work_on_is_not_missing() {
    let now = due().await.clock_seconds();
    let task = |state: &str, at: i64| object(&format!(r#"{{"state":"{state}","updated_at":{at},"task":7}}"#));
    for (written, marked) in [
        (task("in_progress", now - 60), 0),
        (task("initializing", now - 60), 0),
        (task("in_progress", now - 100_000), 1),
        (task("failed", now - 60), 1),
    ] {
        let world = due().await;
        world.put(&format!("{}/task", id(0)), &written).await;
        assert_eq!(world.run().await.counts.marked, marked, "{}", written.to_text());
    }
    let world = due().await;
    world.director.holdings().tasks = vec![DirectorTask {
        id: 9,
        state: "processing".to_owned(),
        deployment: Some(name(0)),
        description: "create deployment".to_owned(),
    }];
    let report = world.run().await;
    assert_eq!(report.absent[0].waiting, Some(Waiting::TaskInFlight));
    // A store that does not say what the broker does says nothing.
    let world = due().await;
    world.store.plan(Request::Read, "/task", 1, Trouble::Fails(PortErrorKind::Denied));
    let report = world.run().await;
    assert!(matches!(report.absent[0].waiting, Some(Waiting::Unproven { .. })));
    assert_eq!(world.says(0).await, "-");
}

impl World {
    fn clock_seconds(&self) -> i64 {
        use reconciler_core::ports::Clock as _;
        self.clock.now().timestamp()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioning_instances_are_not_marked_orphaned() {
    // The reference marks an instance that is being created at its first scan.
    let world = World::of(3).await;
    let at = world.clock_seconds();
    let fresh = format!(
        r#"{{"service_id":"redis","plan_id":"redis-small","created":{at},"requested_at":"2027-01-15T08:00:00Z","status":"provisioning_started"}}"#
    );
    let mut index = world.index().await;
    index.set_value(id(8), &object(&fresh));
    world.put(layout::INDEX, &index).await;
    for _ in 0..10 {
        let report = world.run().await;
        assert!(matches!(report.absent[0].waiting, Some(Waiting::InOperation { .. })), "{report:?}");
        assert_eq!(world.entry(8).await.to_text(), fresh);
        world.wait(120);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_somebody_changes_meanwhile_is_not_marked() {
    let request = |entry: &mut reconciler_core::model::JsonObject| {
        entry.set_value("status", "deprovision_requested");
        entry.set_value("deprovision_requested_at", "2027-01-15T09:00:00Z");
    };
    let world = due().await;
    let index = world.with_entry(0, request).await;
    world.store.plan(
        Request::Write,
        "db",
        1,
        Trouble::Precedes(vec![("db".to_owned(), Some(index.clone()))]),
    );
    let report = world.run().await;
    assert_eq!(world.index().await, index);
    assert!(codes(&report).contains("entry.changed"));
    assert_eq!(report.absent[0].waiting, Some(Waiting::NotWritten));
    assert_eq!((report.counts.marked, report.counts.missing, report.counts.absent), (0, 0, 1));

    // The broker took it out.
    let world = due().await;
    let mut index = world.index().await;
    index.remove(&id(0));
    world.store.plan(
        Request::Write,
        "db",
        1,
        Trouble::Precedes(vec![("db".to_owned(), Some(index.clone()))]),
    );
    let report = world.run().await;
    assert_eq!(world.index().await, index);
    assert!(codes(&report).contains("entry.vanished"));

    // It is held.
    let world = due().await;
    let hold = |entry: &mut reconciler_core::model::JsonObject| entry.set_value("reconciler_hold", "x");
    let index = world.with_entry(0, hold).await;
    world.store.plan(
        Request::Write,
        "db",
        1,
        Trouble::Precedes(vec![("db".to_owned(), Some(index.clone()))]),
    );
    assert!(codes(&world.run().await).contains("instance.held"));
    assert_eq!(world.says(0).await, "-");
    let report = world.run().await;
    assert_eq!((world.says(0).await, &report.absent[0].waiting), ("-", &Some(Waiting::Held)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_written_leaves_everything_as_it_is_and_the_report_says_so() {
    let world = due().await;
    let before = world.index().await;
    world.store.plan(Request::Write, "db", 3, Trouble::Fails(PortErrorKind::Unavailable));
    let report = world.run().await;
    assert_eq!(world.index().await, before);
    assert_eq!((report.complete, report.counts.marked, report.counts.absent), (false, 0, 1));
    world.store.calm();
    assert_eq!(world.run().await.counts.marked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_limit_what_is_marked_and_not_what_is_counted() {
    let world = due().await;
    let report = world.run_with(|run| run.options.filter.service = Some(ServiceId::new("pg").unwrap())).await;
    assert_eq!((report.counts.marked, world.says(0).await), (0, "-"));
    assert_eq!(world.run().await.counts.marked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_speaks_for_an_entry_whose_plan_was_written_wrongly() {
    // The reference corrupts plans; a chain that cannot see it proves nothing.
    let world = World::of(4).await;
    world.run().await;
    world
        .change_entry(0, |entry| {
            entry.set_value("plan_id", "pg-standalone");
            entry.set_value("service_id", "pg");
            entry.remove("deployment_name");
        })
        .await;
    for _ in 0..3 {
        world.wait(120);
        world
            .run_with(|run| run.engine = reconciler_tests::scene::engine_of(&["stored-record"]).into())
            .await;
        assert_eq!(world.says(0).await, "-");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_what_a_run_would_do_and_changes_nothing() {
    let world = due().await;
    let before = world.index().await;
    let list = world.orphans().await;
    let [absent] = &list.absent[..] else { panic!("{list:?}") };
    assert_eq!((absent.state, absent.complete_scans, &absent.waiting), (EntryState::Absent, Some(1), &None));
    assert_eq!(absent.next_step, "the next run calls it missing");
    assert_eq!(absent.age_seconds, Some(3600));
    assert!(absent.evidence.iter().any(|one| one.contains("the Director does not know it")));
    assert_eq!(world.index().await, before);
    assert!(
        world.store.requests().iter().all(|(request, _)| matches!(request, Request::Read | Request::List))
    );
    world.run().await;
    let list = world.orphans().await;
    assert_eq!((list.absent[0].state, list.counts.missing), (EntryState::Missing, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn boss_created_and_system_named_instances_are_not_orphaned() {
    // The reference hides deployments without a UUID, and those with `vault` or
    // `cf` in their names, from its own list of what is there.
    let world = World::of(2).await;
    let mut index = world.index().await;
    for (instance, service, plan) in [
        ("relaxed-tesla".to_owned(), "redis", "redis-small"),
        (id(20), "secure-vault", "secure-vault-small"),
        (id(21).to_uppercase(), "redis", "redis-small"),
    ] {
        let entry = format!(r#"{{"service_id":"{service}","plan_id":"{plan}","created":1700000000}}"#);
        index.set_value(&instance, &object(&entry));
        let manifest = format!("meta: {{params: {{instance_id: {instance}}}}}\n");
        world.director.holdings().deployments.insert(format!("{plan}-{instance}"), manifest);
    }
    world.put(layout::INDEX, &index).await;
    for _ in 0..3 {
        let report = world.run().await;
        assert!(report.absent.is_empty() && report.strays.is_empty(), "{report:?}");
        world.wait(120);
    }
    assert_eq!(world.missing().await, 0);
}
