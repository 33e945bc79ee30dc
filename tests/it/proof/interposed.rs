//! A store into which somebody else comes before each request of a run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, SecretStore, Slot, StoreAddress, Version};

/// Does something before a request, the first of which has the number 1.
#[async_trait]
pub(super) trait Interposer: fmt::Debug + Send + Sync {
    async fn before(&self, request: usize, store: &dyn SecretStore);
}

/// The store, and who comes in.
#[derive(Debug)]
pub(super) struct Interposed<I> {
    store: Arc<dyn SecretStore>,
    pub(super) by: I,
    requests: AtomicUsize,
}

impl<I: Interposer> Interposed<I> {
    pub(super) fn new(store: &Arc<dyn SecretStore>, by: I) -> Self {
        Self { store: Arc::clone(store), by, requests: AtomicUsize::new(0) }
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// The store, once that is done which comes before the next request.
    async fn next(&self) -> &dyn SecretStore {
        let request = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        self.by.before(request, self.store.as_ref()).await;
        self.store.as_ref()
    }
}

#[async_trait]
impl<I: Interposer> SecretStore for Interposed<I> {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.next().await.read(path).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        self.next().await.write(path, data, expected).await
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.next().await.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        self.next().await.delete(path).await
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        self.next().await.purge(path).await
    }

    fn address(&self) -> StoreAddress {
        self.store.address()
    }
}
