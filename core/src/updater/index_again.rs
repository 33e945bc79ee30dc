//! The index once more, for whoever has to know how it stands after something
//! that it read: a hold is noted there before records are put back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::model::{Index, layout};
use crate::ports::{PortError, SecretStore};

/// Reads the index again, once for all who ask while nobody is reading yet.
#[derive(Debug)]
pub struct IndexAgain<'a> {
    store: &'a dyn SecretStore,
    /// How many readings have begun.
    begun: AtomicU64,
    /// The latest one with its number.
    latest: Mutex<Option<(u64, Arc<Index>)>>,
}

impl<'a> IndexAgain<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(store: &'a dyn SecretStore) -> Self {
        Self { store, begun: AtomicU64::new(0), latest: Mutex::default() }
    }

    /// The index as it stands at this moment or later.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn now(&self) -> Result<Arc<Index>, PortError> {
        let begun = self.begun.load(Ordering::Acquire);
        let mut latest = self.latest.lock().await;
        // A reading that began before this call may have missed what the caller
        // has seen since.
        if let Some((number, index)) = latest.as_ref()
            && *number > begun
        {
            return Ok(Arc::clone(index));
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let slot = self.store.read(layout::INDEX).await?;
        let index = Arc::new(slot.data().map(Index::from_object).unwrap_or_default());
        *latest = Some((number, Arc::clone(&index)));
        Ok(index)
    }
}
