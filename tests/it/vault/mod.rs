//! The Vault client and the program on a fake Vault and on a real one.

mod crash;
mod doctor;
mod index_size;
mod inspecting;
mod killed;
mod live;
mod markers;
mod program;
mod reading;
mod tokens;
mod trouble;
mod whole_run;
mod writing;

use std::path::Path;
use std::sync::Arc;

use reconciler_core::adapters::http::{CancellationToken, LimitSettings};
use reconciler_core::adapters::vault::{TokenSource, VaultSettings, VaultStore};
use reconciler_core::ports::SystemClock;
use reconciler_tests::fleets;
use reconciler_tests::pauses::RecordedPauses;
use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{FakeVault, ROOT_TOKEN};
use serde_json::Value;

/// Settings for a fake: the token that may do anything, no rate limit.
pub(crate) fn fake_settings(fake: &FakeVault) -> VaultSettings {
    plain_settings(fake.address(), ROOT_TOKEN)
}

/// Settings for a real server: the same.
pub(crate) fn real_settings(real: &RealVault) -> VaultSettings {
    let mut settings = plain_settings(real.address(), real.token());
    settings.mount = Some(real.mount().to_owned());
    settings
}

fn plain_settings(address: &str, token: &str) -> VaultSettings {
    let mut settings = VaultSettings::new(address, TokenSource::given(token, "VAULT_TOKEN")).unwrap();
    settings.limits = LimitSettings::new(8, None);
    settings
}

/// A store that does not wait between two tries.
pub(crate) fn open(settings: VaultSettings) -> Arc<VaultStore> {
    let pauses = Arc::new(RecordedPauses::default());
    let store = VaultStore::with_parts(settings, Arc::new(SystemClock), pauses, CancellationToken::new());
    Arc::new(store.unwrap())
}

/// The index of a fleet, as the broker keeps it.
fn index_of(fleet: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(fleet.join("index.json")).unwrap()).unwrap()
}

/// A fake Vault that holds the demo fleet's index.
fn fake_with_demo() -> FakeVault {
    let fake = FakeVault::plain();
    fake.put("db", index_of(&fleets::demo()));
    fake
}
