//! What is told before a run, and the policy that it recommends.

use std::time::Duration;

use reconciler_core::adapters::vault::{EntryLimits, TokenSource, smallest_policy};
use reconciler_core::ports::{PortErrorKind, SecretStore};
use serde_json::json;

use super::super::{Policy, TokenLife};
use super::{Bench, FakeVaultSettings, expect};

fn restricted(policy: Policy) -> Bench {
    Bench::with(FakeVaultSettings::default(), |fake, settings| {
        fake.add_policy("reconciler", policy);
        let life = TokenLife {
            ttl: Some(Duration::from_secs(3600)),
            policies: vec!["default".to_owned(), "reconciler".to_owned()],
            ..TokenLife::default()
        };
        fake.add_token("restricted", life);
        settings.token = TokenSource::given("restricted", "VAULT_TOKEN");
        settings.entry_limits = EntryLimits { strings: Some(1_000), ..EntryLimits::default() };
    })
}

#[tokio::test]
async fn a_healthy_vault_is_told_in_full() {
    let bench = restricted(Policy::parse(&smallest_policy("secret", "", None)));
    bench.fake.put("db", json!({"a": {"plan_id": "p"}, "b": {}}));
    let report = bench.store.inspect(None).await;
    let status = report.status.unwrap();
    assert_eq!(status.version.as_deref(), Some("1.20.4"));
    assert!(status.is_initialised && !status.is_sealed && !status.is_standby);
    let mount = report.mount.unwrap();
    assert_eq!((mount.mount.as_str(), mount.prefix.as_str()), ("secret", ""));
    assert!(mount.is_confirmed);
    let token = report.token.unwrap();
    assert_eq!(token.policies, ["default", "reconciler"]);
    assert_eq!(token.remaining, Some(Duration::from_secs(3600)));
    assert!(token.is_renewable);
    let index = report.index.unwrap();
    assert_eq!((index.version.0, index.entries, index.strings), (1, 2, 7));
    assert_eq!(index.per_mille(), 7);
    assert!(report.smallest_policy.contains("secret/data/db"));
}

#[tokio::test]
async fn the_smallest_policy_suffices_and_gives_no_more() {
    let bench = restricted(Policy::parse(&smallest_policy("secret", "", None)));
    let report = bench.store.inspect(None).await;
    for access in report.access.unwrap() {
        assert!(access.suffices(), "{access:?}");
    }
    let id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    for path in ["db".to_owned(), id.to_owned(), format!("{id}/manifest"), format!("{id}/metadata")] {
        assert_eq!(bench.write(&path, "{}", 0).await.unwrap(), 1);
        assert_eq!(bench.write(&path, "{}", 1).await.unwrap(), 2);
        assert!(bench.store.read(&path).await.unwrap().data().is_some());
        let error = bench.store.purge(&path).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Denied, "{path}");
    }
    for path in [format!("{id}/deployment"), format!("{id}/task")] {
        bench.store.read(&path).await.unwrap();
        let error = bench.write(&path, "{}", 0).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Denied, "{path}");
    }
    let error = bench.store.read(&format!("{id}/credentials")).await;
    expect(&error.unwrap_err(), PortErrorKind::Denied, "policies");
    assert_eq!(bench.store.list("").await.unwrap().len(), 2 + 1);
    for folder in ["backups", "reconciler-backups"] {
        let archive = format!("{id}/{folder}/1767225600");
        assert_eq!(bench.write(&archive, "{}", 0).await.unwrap(), 1);
        let names = bench.store.list(&format!("{id}/{folder}")).await.unwrap();
        assert_eq!(names, ["1767225600"]);
        bench.store.purge(&archive).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_token_lacks_is_told_by_path() {
    let bench = restricted(Policy::new().allow("secret/data/*", &["read"]));
    let report = bench.store.inspect(None).await;
    let access = report.access.unwrap();
    let index = &access[0];
    assert_eq!(index.path, "secret/data/db");
    assert_eq!(index.given, ["read"]);
    assert!(!index.suffices());
    let list = access.iter().find(|part| part.needed == ["list"]).unwrap();
    assert_eq!((list.path.as_str(), list.given[0].as_str()), ("secret/metadata/", "deny"));
}

#[tokio::test]
async fn a_sealed_vault_still_tells_its_state() {
    let bench = restricted(Policy::new());
    bench.fake.seal();
    let report = bench.store.inspect(None).await;
    assert!(report.status.unwrap().is_sealed);
    for error in
        [report.mount.map(drop), report.token.map(drop), report.access.map(drop), report.index.map(drop)]
    {
        expect(&error.unwrap_err(), PortErrorKind::Unavailable, "sealed");
    }
    bench.fake.unseal();
    bench.fake.set_standby(true);
    let report = bench.store.inspect(None).await;
    assert!(report.status.unwrap().is_standby);
    expect(&report.mount.unwrap_err(), PortErrorKind::Unavailable, "no node is active");
}

#[tokio::test]
async fn the_state_is_asked_for_without_the_namespace() {
    let bench = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        fake.mount_two("team", "secret");
        settings.namespace = Some("team".to_owned());
    });
    let report = bench.store.inspect(None).await;
    assert!(report.status.is_ok() && report.mount.is_ok());
    assert_eq!(report.token.unwrap().remaining, None);
}
