//! What `doctor` says about the catalog of services and plans.

use reconciler_core::config::Settings;
use reconciler_core::manager::CancellationToken;

use super::{Check, Section};
use crate::failure::Failure;
use crate::wiring::{CatalogSource, DirectorSource};

pub(super) async fn section(
    settings: &Settings,
    source: &DirectorSource,
    stop: &CancellationToken,
) -> Section {
    let mut checks = Vec::new();
    if let Err(failure) = look(settings, source, stop, &mut checks).await {
        checks.push(Check::fail("catalog", &failure));
    }
    Section { name: "Catalog", checks }
}

async fn look(
    settings: &Settings,
    source: &DirectorSource,
    stop: &CancellationToken,
    checks: &mut Vec<Check>,
) -> Result<(), Failure> {
    let catalog = CatalogSource::open(settings, stop)?;
    checks.push(Check::ok("address", catalog.address()));
    if let Some(warning) = catalog.warning() {
        checks.push(Check::warn("validation", warning, "give the CA with `catalog.ca_cert` instead"));
    }
    let read = catalog.read(source).await?;
    checks.push(Check::ok(
        "catalog",
        format!("{} plans of {} services", read.plan_count(), read.services().len()),
    ));
    Ok(())
}
