//! What `doctor` says about the Director, or the fleet in its place.

use reconciler_core::config::Settings;

use super::{Check, Section};
use crate::failure::Failure;
use crate::wiring::DirectorSource;

pub(super) async fn section(settings: &Settings) -> Section {
    let checks = match look(settings).await {
        Ok(checks) => checks,
        Err(failure) => vec![Check::fail("connection", &failure)],
    };
    Section { name: "Director", checks }
}

async fn look(settings: &Settings) -> Result<Vec<Check>, Failure> {
    let source = DirectorSource::open(settings)?;
    let info = source.director().info().await?;
    Ok(vec![
        Check::ok("address", source.director().address()),
        Check::ok("version", format!("{} {}", info.name, info.version)),
        Check::ok("uuid", info.uuid),
        Check::ok("authentication", info.authentication),
    ])
}
