//! A real server that is killed in the middle of a run that writes, and tokens
//! that end there: what was acknowledged is there, what is unfinished is told,
//! and the next run finishes it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::http::RetrySettings;
use reconciler_core::adapters::vault::{AppRole, TokenSource, VaultSettings};
use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, SecretStore, Slot, StoreAddress, Version};
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::fleets;
use reconciler_tests::real_vault::RealVault;

use super::{index_of, open, real_settings};

/// A store that does something before one of its requests, and keeps what was
/// acknowledged.
#[derive(Debug)]
struct Watched<'r> {
    store: &'r dyn SecretStore,
    acknowledged: Mutex<BTreeMap<String, (Version, JsonObject)>>,
    writes: Mutex<usize>,
    before: usize,
    event: Event<'r>,
}

/// What happens before the `before`th write, or before every one after it.
#[derive(Debug)]
enum Event<'r> {
    Kill(Mutex<&'r mut RealVault>),
    Wait(Duration),
}

impl Watched<'_> {
    fn happen(&self) {
        let mut writes = self.writes.lock().unwrap();
        *writes += 1;
        match &self.event {
            Event::Kill(real) if *writes == self.before => real.lock().unwrap().kill(),
            Event::Wait(delay) if writes.is_multiple_of(self.before) => std::thread::sleep(*delay),
            _ => {}
        }
    }
}

#[async_trait]
impl SecretStore for Watched<'_> {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.store.read(path).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        tokio::task::block_in_place(|| self.happen());
        let version = self.store.write(path, data, expected).await?;
        self.acknowledged.lock().unwrap().insert(path.to_owned(), (version, data.clone()));
        Ok(version)
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.store.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        self.store.delete(path).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        self.store.purge(path).await
    }

    fn address(&self) -> StoreAddress {
        self.store.address()
    }
}

async fn reconcile(store: &dyn SecretStore) -> RunReport {
    let fleet = FleetFolder::open(fleets::demo()).unwrap();
    let catalog = fleet.catalog().unwrap().unwrap();
    let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
    let manifests = ManifestCache::new(Duration::ZERO);
    let mut run = Reconciler::new(&fleet, store, &manifests, catalog, engine);
    run.options.concurrency = 2;
    run.options.retry.attempts = 0;
    run.run().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_of_a_run_loses_nothing_and_the_next_run_finishes() {
    for before in [1, 7, 20, 45] {
        let Some(mut real) = RealVault::start() else { return };
        let mount = real.mount().to_owned();
        real.admin().put(&mount, "db", &index_of(&fleets::demo()));
        let (admin, settings) = (real.admin().clone(), real_settings(&real));
        let store = open(VaultSettings { retry: RetrySettings::none(), ..settings.clone() });
        let watched = Watched {
            store: store.as_ref(),
            acknowledged: Mutex::default(),
            writes: Mutex::default(),
            before,
            event: Event::Kill(Mutex::new(&mut real)),
        };
        let report = reconcile(&watched).await;
        let acknowledged = std::mem::take(&mut *watched.acknowledged.lock().unwrap());
        drop(watched);
        assert!(!report.complete, "before write {before}");
        assert!(!report.failures.is_empty(), "before write {before}: {report:?}");
        tokio::task::block_in_place(|| real.restart());

        let store = open(settings);
        for (path, (version, data)) in &acknowledged {
            let slot = store.read(path).await.unwrap();
            assert_eq!(
                slot,
                Slot::Present { version: *version, data: data.clone() },
                "before write {before}: {path}"
            );
        }
        let next = reconcile(store.as_ref()).await;
        assert!(next.complete, "before write {before}: {:?}", next.failures);
        // Written again was only what had not been acknowledged, or not yet.
        let twice: Vec<_> = next
            .changes
            .iter()
            .filter(|change| !change.path.contains('#') && acknowledged.contains_key(&change.path))
            .map(|change| change.path.as_str())
            .collect();
        assert_eq!(twice, [] as [&str; 0], "before write {before}");
        let last = reconcile(store.as_ref()).await;
        assert_eq!(
            (last.counts.writes, last.counts.backups),
            (0, 0),
            "before write {before}: {:?}",
            last.changes
        );
        for path in next.changes.iter().map(|change| &change.path).filter(|path| !path.contains('#')) {
            assert_eq!(admin.get(&mount, path).unwrap().1, 1, "before write {before}: {path} is doubled");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_in_the_middle_of_a_run_costs_no_instance() {
    let Some(real) = RealVault::find() else { return };
    real.admin().put(real.mount(), "db", &index_of(&fleets::demo()));
    // A role's token that lives one second and cannot live longer than two.
    let role = real.admin().make_role(real.mount(), "1s", "2s");
    let login = AppRole { mount: role.path.clone(), ..AppRole::new(&*role.role_id, &*role.secret_id) };
    let store = open(VaultSettings { token: TokenSource::AppRole(login), ..real_settings(&real) });
    let watched = Watched {
        store: store.as_ref(),
        acknowledged: Mutex::default(),
        writes: Mutex::default(),
        before: 12,
        event: Event::Wait(Duration::from_millis(1200)),
    };
    let report = reconcile(&watched).await;
    assert!(report.complete, "{:?}", report.failures);
    assert!(report.counts.writes > 40, "{:?}", report.counts);
    assert!(tokio::task::block_in_place(|| role.logins()) >= 2, "the token never ended");
    let again = reconcile(store.as_ref()).await;
    assert_eq!((again.counts.writes, again.counts.failed), (0, 0));
}
