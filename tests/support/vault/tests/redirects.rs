//! Redirects of a standby: one hop, and the token only where it may go.

use reconciler_core::ports::PortErrorKind;
use serde_json::json;

use super::super::{Effect, FakeVault, Fault};
use super::{Bench, expect};

/// Sends every request on to this address.
fn send_on(bench: &Bench, to: &str) {
    let redirect = Effect::Redirect(to.to_owned());
    bench.fake.fault(Fault::new(redirect).always());
}

#[tokio::test]
async fn one_hop_to_another_port_of_the_same_host_is_made() {
    let standby = Bench::new();
    let active = FakeVault::plain();
    send_on(&standby, active.address());
    assert_eq!(standby.write("db", r#"{"a":1}"#, 0).await.unwrap(), 1);
    assert_eq!(active.secret("db"), Some(json!({"a": 1})));
    assert_eq!(standby.fake.version("db"), 0);
    assert_eq!(standby.fake.total(), active.total());
}

#[tokio::test]
async fn another_host_over_http_never_sees_the_token() {
    let standby = Bench::new();
    let active = FakeVault::plain();
    send_on(&standby, &active.address().replace("127.0.0.1", "localhost"));
    let error = standby.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Local, "redirects to http://localhost");
    assert_eq!(active.total(), 0);
    assert!(active.tokens_seen().is_empty());
}

#[tokio::test]
async fn a_second_hop_is_not_made() {
    let standby = Bench::new();
    let other = FakeVault::plain();
    send_on(&standby, other.address());
    let back = Effect::Redirect(standby.fake.address().to_owned());
    other.fault(Fault::new(back).always());
    let error = standby.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Unavailable, "sends us on once more");
    assert!(error.advice.unwrap().contains("api_addr"));
    assert_eq!((standby.fake.total(), other.total()), (1, 1));
}

#[tokio::test]
async fn a_place_that_is_not_vaults_is_refused() {
    let standby = Bench::new();
    standby.fake.fault(Fault::new(Effect::RedirectTo("http://127.0.0.1:1/login".to_owned())).always());
    let error = standby.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Local, "that is not Vault's");
}
