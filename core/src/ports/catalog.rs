//! Where the catalog comes from.

use std::fmt;

use async_trait::async_trait;

use super::PortError;
use crate::model::Catalog;

/// A source of the broker's catalog. There is no built-in one.
#[async_trait]
pub trait CatalogSource: fmt::Debug + Send + Sync {
    /// Reads the catalog.
    ///
    /// # Errors
    /// If it cannot be read, or is not usable: then nothing can be decided.
    async fn catalog(&self) -> Result<Catalog, PortError>;

    /// Where it comes from, for people.
    fn address(&self) -> String;
}
