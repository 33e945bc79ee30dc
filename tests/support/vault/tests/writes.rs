//! Writes that the server refuses or answers wrongly.

use std::time::Duration;

use reconciler_core::ports::PortErrorKind;
use serde_json::json;

use super::super::{Effect, Fault, Policy, Route, TokenLife};
use super::{Bench, FakeVaultSettings, TokenSource, expect};

#[tokio::test]
async fn another_version_is_a_conflict_and_nothing_is_looked_up() {
    let bench = Bench::new();
    bench.fake.put("db", json!({"a": 1}));
    let error = bench.write("db", r#"{"a":2}"#, 0).await.unwrap_err();
    expect(&error, PortErrorKind::Conflict, "changed by somebody else");
    assert_eq!(bench.fake.secret("db"), Some(json!({"a": 1})));
    assert_eq!(bench.fake.count(Route::Write), 1);
    assert_eq!(bench.fake.count(Route::Read), 0);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for effect in [
        Effect::stale(),
        Effect::rate_limited(None),
        Effect::rate_limited(Some(0)),
        Effect::election(),
        Effect::no_active_node(),
        Effect::upgrading(),
    ] {
        let name = format!("{effect:?}");
        let bench = Bench::new();
        bench.fake.fault(Fault::new(effect).on(Route::Write).times(2));
        assert_eq!(bench.write("db", "{}", 0).await.unwrap(), 1, "{name}");
        assert_eq!(bench.fake.count(Route::Write), 3, "{name}");
        assert_eq!(bench.fake.count(Route::Read), 0, "{name}: no doubt");
        let millis: Vec<_> = bench.pauses.noted().iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [500, 1000], "{name}");
    }
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let bench = Bench::new();
    let fault = Fault::new(Effect::rate_limited(Some(7))).on(Route::Write);
    bench.fake.fault(fault);
    assert_eq!(bench.write("db", "{}", 0).await.unwrap(), 1);
    assert_eq!(bench.pauses.noted(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn what_does_not_pass_is_told_with_its_kind() {
    for (effect, kind, words) in [
        (Effect::rate_limited(None), PortErrorKind::RateLimited, "rate limit quota exceeded"),
        (Effect::stale(), PortErrorKind::Transient, "not caught up with an earlier write"),
        (Effect::election(), PortErrorKind::Unavailable, "no node is active"),
        (Effect::upgrading(), PortErrorKind::Unavailable, "upgraded to KV v2"),
    ] {
        let bench = Bench::new();
        bench.fake.fault(Fault::new(effect).on(Route::Write).always());
        let error = bench.write("db", "{}", 0).await.unwrap_err();
        expect(&error, kind, words);
        assert!(error.kind.is_retryable());
        assert_eq!(bench.fake.count(Route::Write), 4);
        assert_eq!(bench.fake.version("db"), 0);
    }
}

#[tokio::test]
async fn a_sealed_vault_is_told_at_once() {
    let bench = Bench::new();
    bench.write("db", "{}", 0).await.unwrap();
    bench.fake.reset_counts();
    bench.fake.seal();
    let error = bench.write("db", "{}", 1).await.unwrap_err();
    expect(&error, PortErrorKind::Unavailable, "Vault is sealed");
    assert!(error.advice.unwrap().contains("vault operator unseal"));
    assert_eq!(bench.fake.total(), 1);
    bench.fake.unseal();
    assert_eq!(bench.write("db", "{}", 1).await.unwrap(), 2);
}

#[tokio::test]
async fn a_write_answered_without_a_version_is_no_success() {
    let bench = Bench::new();
    bench.fake.fault(Fault::new(Effect::NoContent).on(Route::Write));
    let error = bench.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Ambiguous, "answered without a version");
    assert_eq!(bench.fake.count(Route::Write), 1, "it is not made again");
}

#[tokio::test]
async fn a_policy_that_denies_is_told_from_a_dead_token() {
    let bench = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        let read = Policy::new().allow("secret/data/*", &["read"]);
        fake.add_policy("read", read);
        let life =
            TokenLife { policies: vec!["default".to_owned(), "read".to_owned()], ..TokenLife::default() };
        fake.add_token("reader", life);
        settings.token = TokenSource::given("reader", "VAULT_TOKEN");
    });
    let error = bench.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Denied, "its policies do not allow this");
    assert!(error.advice.unwrap().contains("policy"));
    assert_eq!(bench.fake.count(Route::Write), 1);
}
