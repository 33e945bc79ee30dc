//! Where the catalog comes from. There is no built-in one.

use reconciler_core::adapters::catalog;
use reconciler_core::config::{Settings, keys};
use reconciler_core::model::Catalog;

use super::director::DirectorSource;
use crate::failure::Failure;

/// Reads the catalog that the settings name, else the fleet's own.
pub(super) async fn read(settings: &Settings, source: &DirectorSource) -> Result<Catalog, Failure> {
    if let Some(path) = settings.path(keys::CATALOG_PATH) {
        return Ok(catalog::read(path)?);
    }
    let own = source.fleet().map(|fleet| fleet.catalog()).transpose()?.flatten();
    own.ok_or_else(|| {
        let from = source.director().address();
        Failure::told(
            format!("no catalog is given, and {from} has none"),
            "give one with --catalog: a folder of services, or a saved answer to GET /v2/catalog",
        )
    })
}
