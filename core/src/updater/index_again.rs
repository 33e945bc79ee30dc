//! The index once more: a hold is noted there before records are put back, and
//! a deprovision before a deployment is deleted.

use std::sync::Arc;

use super::again::Again;
use crate::model::{Index, layout};
use crate::ports::{PortError, SecretStore};

/// Reads the index again, once for all who ask while nobody is reading yet.
#[derive(Debug)]
pub struct IndexAgain<'a> {
    store: &'a dyn SecretStore,
    again: Again<Index>,
}

impl<'a> IndexAgain<'a> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(store: &'a dyn SecretStore) -> Self {
        Self { store, again: Again::default() }
    }

    /// The index as it stands at this moment or later.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn now(&self) -> Result<Arc<Index>, PortError> {
        let read = async {
            let slot = self.store.read(layout::INDEX).await?;
            Ok(slot.data().map(Index::from_object).unwrap_or_default())
        };
        self.again.now(read).await
    }
}
