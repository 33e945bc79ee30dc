//! What keeps an entry from turning is heard once: an unchanged run asks the
//! store for the index and nothing else, and what has changed is asked anew.

use reconciler_core::manager::RunReport;
use reconciler_core::ports::{Clock as _, PortErrorKind};
use reconciler_tests::watched::{Request, Trouble};

use super::{World, id, name, object};

/// What keeps entry 0 from turning.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hindrance {
    Task,
    TaskDenied,
    Archives,
    ArchivesDenied,
    Limit,
}

impl Hindrance {
    const ALL: [Self; 5] = [Self::Task, Self::TaskDenied, Self::Archives, Self::ArchivesDenied, Self::Limit];

    /// A world where all else speaks for it that entries turn.
    async fn world(self) -> World {
        let world = World::of(8).await;
        let gone = if self == Self::Limit { 0..3 } else { 0..1 };
        world.absent_for_an_hour(gone).await;
        let denied = Trouble::Fails(PortErrorKind::Denied);
        match self {
            Self::Task => world.put(&task(), &in_progress(&world)).await,
            Self::TaskDenied => world.store.plan(Request::Read, "/task", usize::MAX, denied),
            Self::Archives => world.put("backups/x/y", &object("{}")).await,
            Self::ArchivesDenied => world.store.plan(Request::List, "backups", usize::MAX, denied),
            Self::Limit => {}
        }
        world
    }

    /// It is over, and nothing in the index says so.
    async fn ends(self, world: &World) {
        match self {
            Self::Task => world.store.beneath().delete(&task()).await.unwrap(),
            Self::Archives => world.store.beneath().purge("backups/x/y").await.unwrap(),
            Self::TaskDenied | Self::ArchivesDenied => world.store.calm(),
            Self::Limit => (1..3).for_each(|at| world.deploy(at)),
        }
    }
}

fn task() -> String {
    format!("{}/task", id(0))
}

fn in_progress(world: &World) -> reconciler_core::model::JsonObject {
    let now = world.clock.now().timestamp();
    object(&format!(r#"{{"state":"in_progress","updated_at":{now}}}"#))
}

/// The requests since the last call, but for that of the index.
fn beside(world: &World) -> Vec<String> {
    world.store.requests().into_iter().map(|(_, path)| path).filter(|path| path != "db").collect()
}

/// The findings without what tells when it was read.
fn told(report: &RunReport) -> Vec<String> {
    let plain = |message: &str| message.split("; as read at").next().unwrap_or_default().to_owned();
    report.findings.iter().map(|one| format!("{} {}", one.code, plain(&one.message))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_an_entry_from_turning_is_asked_once_and_told_in_every_run() {
    for hindrance in Hindrance::ALL {
        let world = hindrance.world().await;
        let first = world.run().await;
        assert_eq!((first.counts.marked, world.missing().await), (0, 0), "{hindrance:?}");
        let _asked = beside(&world);
        for _ in 0..2 {
            let again = world.run().await;
            assert_eq!(beside(&world), [""; 0], "{hindrance:?}");
            assert_eq!((told(&again), again.outcome()), (told(&first), first.outcome()), "{hindrance:?}");
            assert_eq!(again.absent[0].waiting, first.absent[0].waiting, "{hindrance:?}");
        }
        hindrance.ends(&world).await;
        // A run that reads everything sees it, and so does one a day later.
        let report = match hindrance {
            Hindrance::Archives | Hindrance::Task => {
                world.wait(24 * 60);
                world.run().await
            }
            _ => world.run_with(|run| run.options.full = true).await,
        };
        assert_eq!(report.counts.marked, 1, "{hindrance:?}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_of_an_entry_does_not_hold_for_another_one_or_when_its_time_is_over() {
    // The broker notes something in the entry.
    let world = Hindrance::Task.world().await;
    world.run().await;
    world.store.beneath().delete(&task()).await.unwrap();
    assert_eq!(world.run().await.counts.marked, 0);
    world.change_entry(0, |entry| entry.set_value("bound", &true)).await;
    assert_eq!(world.run().await.counts.marked, 1);

    // The note of the task is believed for a day, however seldom all is read.
    let world = Hindrance::Task.world().await;
    let rarely = |run: &mut reconciler_core::manager::Reconciler<'_>| {
        run.options.verify_interval = chrono::Duration::days(100);
    };
    world.run_with(rarely).await;
    world.wait(24 * 60 - 1);
    assert_eq!(world.run_with(rarely).await.counts.marked, 0);
    world.wait(1);
    assert_eq!(world.run_with(rarely).await.counts.marked, 1);

    // What proves an absence is asked in the run that turns the entry.
    let world = Hindrance::Task.world().await;
    world.run().await;
    world.store.beneath().delete(&task()).await.unwrap();
    world.deploy(0);
    world.director.holdings().unlisted.insert(name(0));
    let _asked = beside(&world);
    let report = world.run_with(|run| run.options.full = true).await;
    assert_eq!((report.counts.marked, report.complete), (0, false));
    // Of what is there after all the store is asked nothing.
    assert!(beside(&world).iter().all(|path| !path.ends_with("/task") && path != "backups"));

    // `orphans list` always looks.
    let world = Hindrance::Archives.world().await;
    world.run().await;
    world.store.beneath().purge("backups/x/y").await.unwrap();
    assert_eq!(world.orphans().await.absent[0].waiting, None);
}
