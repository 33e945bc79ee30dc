//! A store of secrets that notes every request, and fails or is disturbed on
//! request.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, PortErrorKind, SecretStore, Slot, StoreAddress, Version};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// Reading a secret.
    Read,
    /// Writing one.
    Write,
    /// Listing names.
    List,
    /// Deleting softly.
    Delete,
    /// Removing with all versions.
    Purge,
}

/// What happens to a request instead of, or beside, what it asks.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// It fails, and nothing was done.
    Fails(PortErrorKind),
    /// It is done, and its answer is lost.
    AnswerLost,
    /// Somebody else writes these first: a path and all its fields; nothing for
    /// a soft delete.
    Precedes(Vec<(String, Option<JsonObject>)>),
}

struct Plan {
    request: Request,
    path_ends: String,
    /// How many of them pass before.
    spared: usize,
    times: usize,
    trouble: Trouble,
}

/// A store that is watched.
#[derive(Clone)]
pub struct WatchedStore {
    store: Arc<dyn SecretStore>,
    seen: Arc<Mutex<Vec<(Request, String)>>>,
    plans: Arc<Mutex<VecDeque<Plan>>>,
    address: Option<StoreAddress>,
}

impl fmt::Debug for WatchedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WatchedStore").field(&self.store).finish()
    }
}

impl WatchedStore {
    /// Watches a store.
    #[must_use]
    pub fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { store, seen: Arc::default(), plans: Arc::default(), address: None }
    }

    /// The same as if it stood somewhere else.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    /// The store beneath: what is done there is not noted.
    #[must_use]
    pub fn beneath(&self) -> &dyn SecretStore {
        self.store.as_ref()
    }

    /// Plans trouble for the next `times` requests of a kind whose path ends
    /// so.
    ///
    /// # Panics
    /// If another thread panicked over it.
    pub fn plan(&self, request: Request, path_ends: &str, times: usize, trouble: Trouble) {
        self.plan_later(request, path_ends, (0, times), trouble);
    }

    /// The same for `times` requests after `spared` others of that kind.
    ///
    /// # Panics
    /// If another thread panicked over it.
    pub fn plan_later(
        &self,
        request: Request,
        path_ends: &str,
        (spared, times): (usize, usize),
        trouble: Trouble,
    ) {
        let plan = Plan { request, path_ends: path_ends.to_owned(), spared, times, trouble };
        self.plans.lock().expect("no holder panics").push_back(plan);
    }

    /// Forgets all trouble that was planned.
    ///
    /// # Panics
    /// If another thread panicked over it.
    pub fn calm(&self) {
        self.plans.lock().expect("no holder panics").clear();
    }

    /// The requests since the last call.
    ///
    /// # Panics
    /// If another thread panicked over it.
    #[must_use]
    pub fn requests(&self) -> Vec<(Request, String)> {
        std::mem::take(&mut *self.seen.lock().expect("no holder panics"))
    }

    async fn trouble(&self, request: Request, path: &str) -> Result<bool, PortError> {
        self.seen.lock().expect("no holder panics").push((request, path.to_owned()));
        let trouble = {
            let mut plans = self.plans.lock().expect("no holder panics");
            let plan = plans
                .iter_mut()
                .find(|plan| plan.times > 0 && plan.request == request && path.ends_with(&plan.path_ends));
            plan.and_then(|plan| {
                if plan.spared > 0 {
                    plan.spared -= 1;
                    return None;
                }
                plan.times -= 1;
                Some(plan.trouble.clone())
            })
        };
        match trouble {
            None => Ok(false),
            Some(Trouble::AnswerLost) => Ok(true),
            Some(Trouble::Fails(kind)) => Err(PortError::new(kind, "reach", path, "planned by the test")),
            Some(Trouble::Precedes(others)) => {
                for (path, data) in others {
                    match data {
                        Some(data) => {
                            let version = self.store.read(&path).await?.version();
                            self.store.write(&path, &data, version).await?;
                        }
                        None => self.store.delete(&path).await?,
                    }
                }
                Ok(false)
            }
        }
    }

    fn answered<T>(lost: bool, path: &str, done: T) -> Result<T, PortError> {
        if lost {
            return Err(PortError::new(PortErrorKind::Ambiguous, "hear from", path, "planned by the test"));
        }
        Ok(done)
    }
}

#[async_trait]
impl SecretStore for WatchedStore {
    async fn read(&self, path: &str) -> Result<Slot, PortError> {
        self.trouble(Request::Read, path).await?;
        self.store.read(path).await
    }

    async fn write(&self, path: &str, data: &JsonObject, expected: Version) -> Result<Version, PortError> {
        let lost = self.trouble(Request::Write, path).await?;
        Self::answered(lost, path, self.store.write(path, data, expected).await?)
    }

    async fn list(&self, path: &str) -> Result<Vec<String>, PortError> {
        self.trouble(Request::List, path).await?;
        self.store.list(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), PortError> {
        let lost = self.trouble(Request::Delete, path).await?;
        Self::answered(lost, path, self.store.delete(path).await?)
    }

    async fn purge(&self, path: &str) -> Result<(), PortError> {
        let lost = self.trouble(Request::Purge, path).await?;
        Self::answered(lost, path, self.store.purge(path).await?)
    }

    fn address(&self) -> StoreAddress {
        self.address.clone().unwrap_or_else(|| self.store.address())
    }
}
