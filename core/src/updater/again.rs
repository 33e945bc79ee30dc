//! Something once more, for whoever has to know how it stands after something
//! that it read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::ports::PortError;

/// Reads something again, once for all who ask while nobody is reading yet.
pub struct Again<T> {
    /// How many readings have begun.
    begun: AtomicU64,
    /// The latest one with its number.
    latest: Mutex<Option<(u64, Arc<T>)>>,
}

impl<T> Default for Again<T> {
    fn default() -> Self {
        Self { begun: AtomicU64::new(0), latest: Mutex::default() }
    }
}

impl<T> Again<T> {
    /// As it stands at this moment or later.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn now(&self, read: impl Future<Output = Result<T, PortError>>) -> Result<Arc<T>, PortError> {
        let begun = self.begun.load(Ordering::Acquire);
        let mut latest = self.latest.lock().await;
        // A reading that began before this call may have missed what the caller
        // has seen since.
        if let Some((number, last)) = latest.as_ref()
            && *number > begun
        {
            return Ok(Arc::clone(last));
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let read = Arc::new(read.await?);
        *latest = Some((number, Arc::clone(&read)));
        Ok(read)
    }
}

/// What was read may be secret.
impl<T> fmt::Debug for Again<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Again").field("begun", &self.begun).finish_non_exhaustive()
    }
}
