//! What is wrong with settings that can each be read: found without asking
//! anybody, and all at once.

use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::CancellationToken;

use super::catalog::CatalogSource;
use super::director::{DirectorSource, variable};
use super::store::StoreKind;
use super::vault::OpenVault;
use super::{archives, engine, http, secrets};
use crate::failure::Failure;

/// Refuses settings with faults: with the fault, or with all of them.
pub(crate) fn checked(settings: &Settings) -> Result<(), Failure> {
    let mut faults = faults(settings);
    match faults.len() {
        0 => Ok(()),
        1 => Err(faults.remove(0)),
        count => {
            let told: Vec<String> = faults.iter().map(Failure::in_one_line).collect();
            let message = format!("{count} settings cannot work: {}", told.join("; and: "));
            Err(Failure::told(message, "`reconciler config check` lists them"))
        }
    }
}

/// Everything that would end a run before its first request. That nothing says
/// yet what to look at is no fault: a flag may.
pub(crate) fn faults(settings: &Settings) -> Vec<Failure> {
    let mut faults = secrets::failures(settings);
    // A token that cannot be read is one fault, not two.
    if faults.is_empty() {
        faults.extend(http::http_rules(settings, None).err());
    }
    let stop = CancellationToken::new();
    faults.extend(engine::engine(settings).err());
    faults.extend(archives::policy(settings).err());
    let is_live =
        settings.text(keys::DIRECTOR_ENVIRONMENT).is_some() || variable("BOSH_ENVIRONMENT").is_some();
    let is_named = settings.path(keys::FLEET).is_some() || is_live;
    // A secret that cannot be read is one fault, not two.
    if faults.is_empty() && is_named {
        match DirectorSource::open(settings, &stop) {
            Ok(source) => {
                faults.extend(CatalogSource::open(settings, &source, &stop).err());
                if let Ok(StoreKind::Vault) = StoreKind::of(settings) {
                    faults.extend(OpenVault::open(settings, &stop).err());
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    faults
}
