//! Versions: creating, replacing, conflicts, soft deletion, purging.

use reconciler_core::ports::Version;

use super::{Room, sample};

/// What was never written is vacant, and version 0 creates it.
pub(super) async fn never_written(room: Room) {
    room.expect_vacant("nothing", Version::NEVER).await;
    assert_eq!(room.read("nothing").await.version(), Version(0));
}

/// The first write is version 1.
pub(super) async fn create(room: Room) {
    let version = room.write("new", &sample(1), Version::NEVER).await;
    assert_eq!(version, Version(1), "the first version");
    room.expect_present("new", version, &sample(1)).await;
}

/// A write replaces the whole value: fields that it does not have are gone.
pub(super) async fn replace(room: Room) {
    let mut first = sample(1);
    first.set_value("only-in-the-first", &true);
    let version = room.write("it", &first, Version::NEVER).await;
    let version = room.write("it", &sample(2), version).await;
    assert_eq!(version, Version(2), "the second version");
    room.expect_present("it", version, &sample(2)).await;
}

/// A write over another version than the newest changes nothing.
pub(super) async fn conflict(room: Room) {
    room.expect_conflict("never", &sample(1), Version(1)).await;
    room.expect_vacant("never", Version::NEVER).await;
    assert!(room.list("").await.is_empty(), "a refused write is listed");

    let first = room.write("it", &sample(1), Version::NEVER).await;
    let second = room.write("it", &sample(2), first).await;
    for wrong in [Version::NEVER, first, Version(second.0 + 1)] {
        room.expect_conflict("it", &sample(3), wrong).await;
        room.expect_present("it", second, &sample(2)).await;
    }
    let third = room.write("it", &sample(3), second).await;
    assert_eq!(third, Version(3), "refused writes take no version");
}

/// After a soft delete the path reads as vacant, and the next write has to
/// name the version that was deleted.
pub(super) async fn soft_delete(room: Room) {
    let version = room.write("it", &sample(1), Version::NEVER).await;
    let version = room.write("it", &sample(2), version).await;
    room.delete("it").await;
    room.expect_vacant("it", version).await;

    room.expect_conflict("it", &sample(3), Version::NEVER).await;
    room.expect_conflict("it", &sample(3), Version(1)).await;
    room.expect_vacant("it", version).await;

    let next = room.write("it", &sample(3), version).await;
    assert_eq!(next, Version(3), "the version after a soft delete");
    room.expect_present("it", next, &sample(3)).await;
}

/// Deleting what is not there, or a second time, is no error and changes
/// nothing.
pub(super) async fn delete_nothing(room: Room) {
    room.delete("never").await;
    room.expect_vacant("never", Version::NEVER).await;

    let version = room.write("it", &sample(1), Version::NEVER).await;
    room.delete("it").await;
    room.delete("it").await;
    room.expect_vacant("it", version).await;
}

/// A purge removes a secret with its history, and only that secret.
pub(super) async fn purge(room: Room) {
    room.purge("never").await;

    let version = room.write("it", &sample(1), Version::NEVER).await;
    room.write("it", &sample(2), version).await;
    room.write("it/below", &sample(3), Version::NEVER).await;
    room.write("it-beside", &sample(4), Version::NEVER).await;
    room.purge("it").await;
    room.expect_vacant("it", Version::NEVER).await;
    room.expect_present("it/below", Version(1), &sample(3)).await;
    room.expect_present("it-beside", Version(1), &sample(4)).await;
    assert_eq!(room.list("").await, ["it-beside", "it/"]);

    room.delete("it-beside").await;
    room.purge("it-beside").await;
    assert_eq!(room.list("").await, ["it/"], "purged after a soft delete");

    let again = room.write("it", &sample(5), Version::NEVER).await;
    assert_eq!(again, Version(1), "the first version after a purge");
}

/// Each write counts one up, past soft deletes and past the number of versions
/// that are kept.
pub(super) async fn monotone(room: Room) {
    let mut version = Version::NEVER;
    for number in 1..=25 {
        version = room.write("it", &sample(number), version).await;
        assert_eq!(version, Version(u64::from(number)), "write {number}");
        room.expect_present("it", version, &sample(number)).await;
        if number % 7 == 0 {
            room.delete("it").await;
            room.expect_vacant("it", version).await;
        }
    }
}
