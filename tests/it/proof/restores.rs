//! Somebody puts an archive back while a run is under way, before any one of its
//! requests: what was put back stands there afterwards, and is held.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reconciler_core::backup::{
    Archive, BackupError, BackupFolder, Part, Restoration, RestoreOrder, release, restore,
};
use reconciler_core::model::InstanceId;
use reconciler_core::ports::{RunState as _, SecretStore};
use reconciler_tests::memory_state::MemoryState;
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use tokio::sync::Mutex;

use super::books::Books;
use super::interposed::{Interposed, Interposer};
use super::{Bench, left_behind, time_of_run};

/// Puts an archive back before the `due`th request.
#[derive(Debug)]
struct Restorer {
    archive: Archive,
    only: Option<Part>,
    due: usize,
    outcome: Mutex<Option<Result<Restoration, BackupError>>>,
}

#[async_trait]
impl Interposer for Restorer {
    async fn before(&self, request: usize, store: &dyn SecretStore) {
        if request == self.due {
            // The first run after the preparation is under way.
            let at = time_of_run(1) + TimeDelta::seconds(1);
            *self.outcome.lock().await = Some(put_back(store, &self.archive, self.only, at).await);
        }
    }
}

fn instance() -> InstanceId {
    Provisioned::new(1).id()
}

/// Puts an archive of the instance back, whatever plan it names.
pub(super) async fn put_back(
    store: &dyn SecretStore,
    archive: &Archive,
    only: Option<Part>,
    at: DateTime<Utc>,
) -> Result<Restoration, BackupError> {
    let folder = BackupFolder::usual();
    let order = RestoreOrder { archive, only, folder: &folder, at, allow_other_plan: true, dry_run: false };
    restore(store, &instance(), &order).await
}

/// The oldest archive of the instance: as the broker left it.
async fn oldest(store: &dyn SecretStore) -> Archive {
    let folder = format!("{}/backups", instance());
    let path = format!("{folder}/{}", store.list(&folder).await.unwrap()[0]);
    let slot = store.read(&path).await.unwrap();
    Archive::decode(&instance(), &path, slot.data().unwrap()).unwrap()
}

/// How a run begins that somebody's restore comes into.
#[derive(Debug, Clone, Copy)]
struct Setting {
    /// Whether the state of earlier runs is there.
    remembers: bool,
    /// Whether the run keeps archives itself.
    backups: bool,
    /// Whether the instance was put back and let go before: nothing in its
    /// records says that it was ever ours.
    as_new: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_back_during_a_run_stands_there_afterwards_and_is_held() {
    let setting = |remembers, backups, as_new| Setting { remembers, backups, as_new };
    let settings = [
        setting(true, true, false),
        setting(true, false, false),
        setting(false, true, false),
        setting(false, false, false),
        setting(true, true, true),
        setting(true, false, true),
        setting(false, true, true),
    ];
    for setting in settings {
        let bench = Bench::new(StillDirector::with((0..2).map(Provisioned::new))).await;
        let store = left_behind(2).in_memory().await;
        assert!(bench.run(store.as_ref(), 0).await.unwrap().complete);
        let archive = oldest(store.as_ref()).await;
        if setting.as_new {
            let at = time_of_run(0) + TimeDelta::seconds(60);
            put_back(store.as_ref(), &archive, None, at).await.unwrap();
            release(store.as_ref(), &instance(), at).await.unwrap();
        }
        bench.director.deploy(Provisioned { number: 1, updates: 1 });
        let books = Books::of(store.as_ref()).await;
        // A part alone once: whatever is remembered, it is put back alike.
        let alone: &[Option<Part>] = match setting {
            Setting { remembers: true, backups: true, as_new: false } => {
                &[Some(Part::Root), Some(Part::Metadata)]
            }
            _ => &[],
        };
        for only in alone.iter().copied().chain([None]) {
            let last = interrupt(&bench, &books, (&archive, only), usize::MAX, setting).await;
            assert!(last > 8, "{last} requests");
            for due in 1..=last {
                interrupt(&bench, &books, (&archive, only), due, setting).await;
            }
        }
    }
}

/// Makes the run, with the restore before one of its requests. Gives how many
/// there were.
async fn interrupt(
    bench: &Bench,
    books: &Books,
    (archive, only): (&Archive, Option<Part>),
    due: usize,
    setting: Setting,
) -> usize {
    let scenario = format!("{only:?} before request {due}, {setting:?}");
    let beneath: Arc<dyn SecretStore> = books.in_memory().await;
    let restorer = Restorer { archive: archive.clone(), only, due, outcome: Mutex::default() };
    let store = Interposed::new(&beneath, restorer);
    let state = MemoryState::new(bench.state.director_uuid());
    if setting.remembers {
        state.set_recollections(&bench.state.recollections().unwrap()).unwrap();
    }
    let (catalog, engine) = (Arc::clone(&bench.catalog), Arc::clone(&bench.engine));
    let bench = Bench { director: bench.director.copy(), state, catalog, engine, concurrency: 1 };
    let run = bench.run_with(&store, 1, |run| run.options.backups.enabled = setting.backups);
    let report = run.await.unwrap();
    if let Some(outcome) = store.by.outcome.lock().await.take() {
        outcome.unwrap_or_else(|error| panic!("{scenario}: {error}"));
        let now = Books::of(beneath.as_ref()).await;
        let entry = &now.data("db").unwrap()[instance().as_str()];
        assert!(entry["reconciler_hold"].is_object(), "{scenario}: {entry}");
        for part in [Part::Root, Part::Manifest, Part::Metadata] {
            if only.is_none_or(|only| only == part) {
                let there = now.data(&part.path(&instance())).unwrap();
                let archived = archive.contents.get(part).unwrap().to_text();
                let archived: serde_json::Value = serde_json::from_str(&archived).unwrap();
                assert_eq!(there, &archived, "{scenario}: {:?}", report.instances);
            }
        }
    }
    store.requests()
}
