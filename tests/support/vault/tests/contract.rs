//! The client on the fake keeps the contract of secret stores.

use std::sync::Arc;

use reconciler_core::ports::SecretStore;

use super::super::{FakeVaultSettings, Flavour, Limits};
use super::Bench;
use crate::contract::secret_store::check_secret_store;

#[tokio::test(flavor = "multi_thread")]
async fn on_hashicorp_vault() {
    let bench = Bench::new();
    let open = async || Arc::clone(&bench.store) as Arc<dyn SecretStore>;
    check_secret_store(open, "contract").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_openbao_below_a_prefix_in_a_namespace() {
    let settings = FakeVaultSettings {
        flavour: Flavour::OpenBao,
        limits: Limits { strings: Some(1_000), ..Limits::openbao() },
        base: "/proxied".to_owned(),
        indexed: true,
        ..FakeVaultSettings::default()
    };
    let bench = Bench::with(settings, |fake, settings| {
        fake.mount_two("team/a", "kv/blacksmith");
        settings.namespace = Some("team/a".to_owned());
        settings.mount = Some("kv/blacksmith".to_owned());
        settings.prefix = "east".to_owned();
    });
    let open = async || Arc::clone(&bench.store) as Arc<dyn SecretStore>;
    check_secret_store(open, "a/deeper/prefix").await;
    let there = bench.fake.secret_in("team/a", "kv/blacksmith", "east/a/deeper/prefix/replace/it");
    assert!(there.is_some(), "it stands below mount and prefix");
    assert!(bench.fake.paths().is_empty(), "nothing stands elsewhere");
}
