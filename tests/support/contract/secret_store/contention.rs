//! Contention: many writers on one secret lose nothing.

use std::sync::Arc;

use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortErrorKind, Slot, Version};

use super::Room;

/// How many write at once.
const WRITERS: u32 = 16;
/// How often each of them counts one up.
const INCREMENTS: u64 = 100;
/// How many failures that a retry may cure one increment bears.
const FAILURES: u32 = 50;

/// Writers that each read, add one and write only over what they read come to
/// the exact sum.
///
/// The value holds the counter and, for each writer, which of its increments is
/// in. So a writer that does not know the fate of a write finds out by reading,
/// even if others have written since.
pub(super) async fn no_increment_is_lost(room: Room) {
    let room = Arc::new(room);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(count_up(Arc::clone(&room), format!("writer-{writer}"))))
        .collect();
    for writer in writers {
        if let Err(failed) = writer.await {
            panic!("{}", super::message(failed));
        }
    }

    let total = u64::from(WRITERS) * INCREMENTS;
    let slot = room.read("counter").await;
    let data = slot.data().expect("the counter is there");
    assert_eq!(number(data, "counter"), total, "the counter");
    for writer in 0..WRITERS {
        let writer = format!("writer-{writer}");
        assert_eq!(number(data, &writer), INCREMENTS, "the last of `{writer}`");
    }
    assert_eq!(slot.version(), Version(total), "one version an increment");
}

async fn count_up(room: Arc<Room>, writer: String) {
    for sequence in 1..=INCREMENTS {
        let mut failures = 0;
        while let Err(kind) = increment(&room, &writer, sequence).await {
            assert!(
                kind.is_retryable() || matches!(kind, PortErrorKind::Conflict | PortErrorKind::Ambiguous),
                "`{writer}` cannot write: {}",
                kind.code()
            );
            // Of a conflict somebody else has the good: it is no failure.
            failures += u32::from(kind != PortErrorKind::Conflict);
            assert!(failures < FAILURES, "`{writer}` fails all the time");
            tokio::task::yield_now().await;
        }
    }
}

/// One try. Does nothing if the increment is in already.
async fn increment(room: &Room, writer: &str, sequence: u64) -> Result<(), PortErrorKind> {
    let slot = match room.store.read(&room.path("counter")).await {
        Ok(slot) => slot,
        Err(error) => return Err(error.kind),
    };
    let version = slot.version();
    let mut data = match slot {
        Slot::Present { data, .. } => data,
        Slot::Vacant { .. } => JsonObject::new(),
    };
    if number(&data, writer) >= sequence {
        return Ok(());
    }
    let counter = number(&data, "counter") + 1;
    data.set_value("counter", &counter);
    data.set_value(writer, &sequence);
    match room.try_write("counter", &data, version).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.kind),
    }
}

/// A field that is a number; 0 if it is not there.
fn number(data: &JsonObject, field: &str) -> u64 {
    let Some(raw) = data.raw(field) else { return 0 };
    raw.get().parse().unwrap_or_else(|_| panic!("`{field}` is not an integer any more"))
}
