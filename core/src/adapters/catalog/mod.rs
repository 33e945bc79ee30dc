//! Catalogs from files: forge folders as Blacksmith reads them, or a saved
//! answer of the broker.

mod forge;
mod osb;

use std::path::Path;

use super::SourceError;
use crate::model::Catalog;

/// Reads a catalog from a folder of services, from one service's folder, or
/// from a JSON or YAML file in the form of the broker's `/v2/catalog`.
///
/// # Errors
/// If it cannot be read or two plans share an id; the error names the file.
pub fn read(path: &Path) -> Result<Catalog, SourceError> {
    let (services, notices) =
        if path.is_dir() { forge::read(path)? } else { (osb::read_file(path)?, Vec::new()) };
    let catalog = Catalog::new(services).map_err(|error| SourceError::new(path, error.to_string()))?;
    Ok(catalog.with_notices(notices))
}

pub use osb::parse as parse_osb;
