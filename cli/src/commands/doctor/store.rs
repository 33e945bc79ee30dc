//! What `doctor` says about the files a run keeps: the embedded store, and what
//! is remembered between runs. A file that is not there yet is no fault.

use reconciler_core::config::Settings;

use super::{Check, Section};
use crate::failure::Failure;
use crate::wiring::{DirectorSource, KeptFiles, StoreKind};

/// Looks at the files of the Director with this UUID.
pub(super) async fn section(settings: &Settings, source: &DirectorSource, uuid: &str) -> Option<Section> {
    // What cannot be decided is said in the part about Vault.
    let kind = StoreKind::of(settings).ok()?;
    let mut checks = Vec::new();
    match KeptFiles::of(settings, source, uuid) {
        Err(failure) => checks.push(Check::fail("settings", &failure)),
        Ok(files) => {
            if kind == StoreKind::Embedded {
                checks.push(store(&files).await.unwrap_or_else(|failure| Check::fail("store", &failure)));
            }
            match files.state() {
                Ok((address, true)) => checks.push(Check::ok("state", address)),
                Ok((address, false)) => checks.push(Check::ok("state", format!("none yet at {address}"))),
                Err(failure) => checks.push(Check::fail("state", &failure)),
            }
        }
    }
    (!checks.is_empty()).then_some(Section { name: "Store and state", checks })
}

async fn store(files: &KeptFiles) -> Result<Check, Failure> {
    let found = files.store().await?;
    let address = found.address;
    Ok(Check::ok(
        "store",
        match found.entries {
            None => format!("none yet at {address}"),
            Some(1) => format!("{address}, 1 entry in the index"),
            Some(entries) => format!("{address}, {entries} entries in the index"),
        },
    ))
}
