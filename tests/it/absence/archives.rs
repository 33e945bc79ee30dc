//! An entry that changes without its records is kept first, like everything
//! else that a run changes.

use reconciler_core::backup::{Archive, BackupFolder, Part, Shelf};
use reconciler_core::model::{InstanceId, JsonObject};
use reconciler_core::ports::PortErrorKind;
use reconciler_core::synchronizer::Waiting;
use reconciler_tests::watched::{Request, Trouble};

use super::{World, id};

/// The newest archive of an instance, and how many there are.
async fn newest(world: &World, number: usize) -> (Archive, usize) {
    let shelf = Shelf::new(world.store.beneath(), &BackupFolder::usual());
    let instance = InstanceId::new(id(number)).unwrap();
    let listing = shelf.list(&instance).await.unwrap();
    (shelf.read(&instance, &listing.archives[0]).await.unwrap(), listing.archives.len())
}

/// What an archive is to hold: the entry and the record as they stand.
async fn stands(world: &World, number: usize) -> (JsonObject, JsonObject) {
    let root = world.store.beneath().read(&id(number)).await.unwrap();
    (world.entry(number).await, root.data().unwrap().clone())
}

fn assert_holds(archive: &Archive, (entry, root): &(JsonObject, JsonObject)) {
    assert_eq!(archive.contents.get(Part::Index), Some(entry));
    assert_eq!(archive.contents.get(Part::Root), Some(root));
    assert!(archive.contents.get(Part::Manifest).is_some() && archive.contents.get(Part::Metadata).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_kept_before_it_is_called_missing_and_before_it_is_called_stale() {
    let world = World::of(5).await;
    world.absent_for_an_hour([0]).await;
    let before = stands(&world, 0).await;
    let report = world.run().await;
    assert_eq!((report.counts.marked, report.counts.backups, world.says(0).await), (1, 1, "missing"));
    assert_holds(&newest(&world, 0).await.0, &before);

    world.wait(60 * 24 * 31 - 60);
    world.run().await;
    world.wait(60);
    let before = stands(&world, 0).await;
    let report = world.run().await;
    assert_eq!((report.counts.backups, world.says(0).await), (1, "stale"));
    assert_holds(&newest(&world, 0).await.0, &before);
    // Nothing changes: nothing is kept.
    assert_eq!(world.run().await.counts.backups, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_heals_though_its_records_are_left_alone_is_kept_first() {
    let world = World::of(5).await;
    world.run().await;
    world.wait(1);
    world
        .change_entry(0, |entry| {
            entry.set_value("plan_id", "redis-large");
            entry.set_value("orphaned", &true);
        })
        .await;
    let before = stands(&world, 0).await;
    let report = world.run().await;
    assert_eq!((report.counts.healed, report.counts.backups), (1, 1), "{report:?}");
    assert_eq!((world.says(0).await, report.counts.writes), ("-", 1), "the index and nothing else");
    assert_holds(&newest(&world, 0).await.0, &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_cannot_be_kept_is_left_alone_and_told() {
    let world = World::of(8).await;
    world.absent_for_an_hour([0, 1]).await;
    let before = world.entry(0).await;
    let folder = format!("{}/backups", id(0));
    world.store.plan(Request::List, &folder, 1, Trouble::Fails(PortErrorKind::Denied));
    let report = world.run().await;
    assert_eq!((world.entry(0).await, world.says(1).await), (before, "missing"));
    assert_eq!((report.counts.marked, report.counts.missing, report.counts.absent), (1, 1, 1));
    assert_eq!(report.absent[0].waiting, Some(Waiting::NotWritten));
    let [failure] = &report.failures[..] else { panic!("{:?}", report.failures) };
    assert_eq!((failure.instance.as_str(), failure.kind), (&*id(0), PortErrorKind::Denied.code()));
    assert!(failure.message.contains("its index entry was not written"), "{}", failure.message);
    assert!(!report.complete);

    assert_eq!(world.run().await.counts.marked, 1);
    assert_eq!(world.says(0).await, "missing");
}
