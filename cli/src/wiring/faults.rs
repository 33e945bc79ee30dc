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

/// Refuses settings by which no run can be made: with the fault, or with all of
/// them. No flag of a single run will come and say what to look at.
pub(crate) fn checked(settings: &Settings) -> Result<(), Failure> {
    let mut faults = faults(settings);
    if !is_named(settings) {
        faults.extend(DirectorSource::open(settings, &CancellationToken::new()).err());
    }
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
    // A secret that cannot be read is one fault, not two.
    let are_secrets_read = faults.is_empty();
    let stop = CancellationToken::new();
    faults.extend(engine::engine(settings).err());
    faults.extend(archives::policy(settings).err());
    if are_secrets_read {
        faults.extend(http::http_faults(settings));
        if is_named(settings) {
            faults.extend(faults_of_servers(settings, &stop));
        }
    }
    faults
}

/// What is wrong with Director, catalog and store, each looked at whatever the
/// others are like.
fn faults_of_servers(settings: &Settings, stop: &CancellationToken) -> Vec<Failure> {
    let mut faults = Vec::new();
    faults.extend(DirectorSource::open(settings, stop).err());
    faults.extend(CatalogSource::open(settings, stop).err());
    match StoreKind::of(settings) {
        Ok(StoreKind::Vault) => faults.extend(OpenVault::open(settings, stop).err()),
        Ok(StoreKind::Embedded) => {}
        Err(fault) => faults.push(fault),
    }
    faults
}

/// Whether anything says what to look at.
fn is_named(settings: &Settings) -> bool {
    settings.path(keys::FLEET).is_some()
        || settings.text(keys::DIRECTOR_ENVIRONMENT).is_some()
        || variable("BOSH_ENVIRONMENT").is_some()
}
