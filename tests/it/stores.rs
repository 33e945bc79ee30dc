//! Every store of secrets keeps the same contract: the embedded one, and the
//! client of Vault on a fake and on a real server.

use std::sync::Arc;
use std::time::Duration;

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::adapters::vault::{AppRole, TokenSource};
use reconciler_core::ports::SecretStore;
use reconciler_tests::contract::secret_store::{check_no_increment_is_lost, check_secret_store};
use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{
    Effect, FakeVault, FakeVaultSettings, Fault, Flavour, Limits, Role, Route, TokenLife,
};

use crate::vault::{fake_settings, open, real_settings};

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_in_a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    check_secret_store(
        async || Arc::new(SqliteStore::open(&path).unwrap()) as Arc<dyn SecretStore>,
        "contract",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_in_memory_keeps_the_contract() {
    let store: Arc<dyn SecretStore> = Arc::new(SqliteStore::open_in_memory().unwrap());
    check_secret_store(async || Arc::clone(&store), "contract").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fake_vault_keeps_the_contract() {
    let fake = FakeVault::plain();
    let store: Arc<dyn SecretStore> = open(fake_settings(&fake));
    check_secret_store(async || Arc::clone(&store), "contract").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fake_openbao_keeps_the_contract_below_a_prefix_in_a_namespace() {
    let fake = FakeVault::start(FakeVaultSettings {
        flavour: Flavour::OpenBao,
        limits: Limits::openbao(),
        base: "/proxied".to_owned(),
        indexed: true,
        ..FakeVaultSettings::default()
    });
    fake.mount_two("team/a", "kv/blacksmith");
    let mut settings = fake_settings(&fake);
    settings.namespace = Some("team/a".to_owned());
    settings.mount = Some("kv/blacksmith".to_owned());
    settings.prefix = "east".to_owned();
    let store: Arc<dyn SecretStore> = open(settings);
    check_secret_store(async || Arc::clone(&store), "a/deeper/prefix").await;
    let there = fake.secret_in("team/a", "kv/blacksmith", "east/a/deeper/prefix/replace/it");
    assert!(there.is_some(), "it stands below mount and prefix");
    assert!(fake.paths().is_empty(), "nothing stands elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_vault_keeps_the_contract() {
    let Some(real) = RealVault::find() else { return };
    let store: Arc<dyn SecretStore> = open(real_settings(&real));
    check_secret_store(async || Arc::clone(&store), "contract").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_lose_nothing_to_connections_cut_at_random() {
    let fake = FakeVault::start(FakeVaultSettings { seed: 20_260_101, ..FakeVaultSettings::default() });
    for route in [Route::Read, Route::Write] {
        fake.fault(Fault::new(Effect::CutSomewhere).on(route).chance(80));
    }
    let store = open(fake_settings(&fake));
    check_no_increment_is_lost(store.clone(), "contention").await;
    assert!(store.counts().transport_failures > 100, "connections were cut: {:?}", store.counts());
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_lose_nothing_to_a_token_that_ends_again_and_again() {
    let fake = FakeVault::start(FakeVaultSettings { seed: 7, ..FakeVaultSettings::default() });
    fake.add_role(Role {
        role_id: "role".to_owned(),
        secret_id: "secret".to_owned(),
        secret_uses: 0,
        tokens: TokenLife {
            ttl: Some(Duration::from_secs(600)),
            policies: vec!["root".to_owned()],
            ..TokenLife::default()
        },
    });
    fake.fault(Fault::new(Effect::RevokeGiven).on(Route::Write).chance(5));
    let mut settings = fake_settings(&fake);
    settings.token = TokenSource::AppRole(AppRole::new("role", "secret"));
    check_no_increment_is_lost(open(settings), "contention").await;
    assert!(fake.logins() > 5, "the token was replaced on the way: {}", fake.logins());
}
