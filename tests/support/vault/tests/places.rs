//! Finding the mount, refusing what is not KV v2, namespaces and prefixes.

use reconciler_core::adapters::vault::TokenSource;
use reconciler_core::ports::{PortErrorKind, SecretStore};
use serde_json::json;

use super::super::{Flavour, Policy, Route, TokenLife};
use super::{Bench, FakeVaultSettings, expect};

#[tokio::test]
async fn the_mount_is_asked_for_once() {
    let bench = Bench::new();
    bench.fake.put("db", json!({}));
    for _ in 0..3 {
        bench.store.read("db").await.unwrap();
    }
    assert_eq!(bench.fake.count(Route::Preflight), 1);
    assert_eq!(bench.fake.count(Route::LookupSelf), 1);
    assert_eq!(bench.fake.total(), 5);
}

#[tokio::test]
async fn kv_version_1_is_refused_before_anything_is_written() {
    let bench = Bench::with(FakeVaultSettings::default(), |_, settings| {
        settings.mount = Some("old".to_owned());
        // The server's answer counts more.
        settings.assume_version_2 = true;
    });
    let error = bench.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Unsupported, "KV version 1");
    assert!(error.advice.unwrap().contains("vault kv enable-versioning old/"));
    let error = bench.store.read("db").await.unwrap_err();
    expect(&error, PortErrorKind::Unsupported, "KV version 1");
    assert_eq!(bench.fake.count(Route::VersionOne), 0);
}

#[tokio::test]
async fn a_mount_that_is_not_there_is_not_absence() {
    let bench = Bench::with(FakeVaultSettings::default(), |_, settings| {
        settings.mount = Some("nowhere".to_owned());
    });
    let error = bench.store.read("db").await.unwrap_err();
    expect(&error, PortErrorKind::Denied, "there is no such mount");
    // Nor is it with the word of the settings for it.
    let bench = Bench::with(FakeVaultSettings::default(), |_, settings| {
        settings.mount = Some("nowhere".to_owned());
        settings.assume_version_2 = true;
    });
    for error in [
        bench.store.read("db").await.map(drop),
        bench.store.list("").await.map(drop),
        bench.write("db", "{}", 0).await.map(drop),
    ] {
        expect(&error.unwrap_err(), PortErrorKind::Local, "no handler for route");
    }
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_not_absence() {
    for (flavour, words) in
        [(Flavour::Vault, "no handler for route"), (Flavour::OpenBao, "namespace not found")]
    {
        let fake = FakeVaultSettings { flavour, ..FakeVaultSettings::default() };
        let bench = Bench::with(fake, |_, settings| settings.namespace = Some("nobody".to_owned()));
        let error = bench.store.read("db").await.unwrap_err();
        expect(&error, PortErrorKind::Local, words);
    }
}

#[tokio::test]
async fn namespaces_and_prefixes_lead_to_other_secrets() {
    let bench = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        fake.mount_two("team", "secret");
        settings.namespace = Some("team".to_owned());
        settings.prefix = "blacksmith".to_owned();
    });
    bench.fake.put("blacksmith/db", json!({"root": true}));
    bench.write("db", r#"{"team":true}"#, 0).await.unwrap();
    assert_eq!(bench.fake.secret_in("team", "secret", "blacksmith/db"), Some(json!({"team": true})));
    assert_eq!(bench.store.list("").await.unwrap(), ["db"]);
    let address = bench.store.address();
    assert!(address.ends_with(" team/secret/blacksmith"), "{address}");
}

#[tokio::test]
async fn a_token_that_may_not_ask_about_mounts_needs_the_settings_word() {
    for assumed in [false, true] {
        let bench = Bench::with(FakeVaultSettings::default(), |fake, settings| {
            // A policy on another mount only.
            fake.add_policy("other", Policy::new().allow("other/*", &["read"]));
            let life = TokenLife {
                policies: vec!["default".to_owned(), "other".to_owned()],
                ..TokenLife::default()
            };
            fake.add_token("other", life);
            settings.token = TokenSource::given("other", "VAULT_TOKEN");
            settings.assume_version_2 = assumed;
        });
        let error = bench.store.read("db").await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Denied);
        assert_eq!(bench.fake.count(Route::Read), u64::from(assumed));
    }
}
