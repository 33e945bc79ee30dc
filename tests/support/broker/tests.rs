//! The catalog over the network: read, refused, repeated, and never a password
//! in sight.

use std::sync::Arc;

use reconciler_core::adapters::broker::{BrokerCatalog, BrokerSettings};
use reconciler_core::adapters::http::{Pause, Secret, Url};
use reconciler_core::ports::{CatalogSource, PortErrorKind};

use super::{BrokerFault, BrokerState, FakeBroker};
use crate::pauses::RecordedPauses;

fn broker() -> FakeBroker {
    FakeBroker::start(BrokerState {
        password: "MARKER-password".to_owned(),
        wants_version: true,
        ..BrokerState::offering(&[("redis", &["small", "small-ha"]), ("pg", &["dedicated"])])
    })
}

fn client(broker: &FakeBroker, password: &str) -> BrokerCatalog {
    let url = Url::parse(broker.address()).unwrap();
    let settings = BrokerSettings::new(url, "blacksmith", Secret::new(password));
    let pauses = Arc::new(RecordedPauses::default()) as Arc<dyn Pause>;
    BrokerCatalog::new(&settings).unwrap().with_pause(&pauses)
}

#[tokio::test]
async fn the_catalog_is_read_with_one_request_that_says_its_version() {
    let broker = broker();
    let source = client(&broker, "MARKER-password");
    let catalog = source.catalog().await.unwrap();
    assert_eq!(catalog.plan_count(), 3);
    assert_eq!(catalog.plan("redis-small-ha").unwrap().name.as_ref(), "small-ha");
    assert_eq!(broker.versions_asked(), [Some("2.17".to_owned())]);
    assert_eq!(source.address(), broker.address());
}

#[tokio::test]
async fn an_unavailable_broker_is_asked_again() {
    let broker = broker();
    broker.fail_next([
        BrokerFault::Reset,
        BrokerFault::Answer(503, "starting".to_owned()),
        BrokerFault::Answer(500, String::new()),
    ]);
    assert!(client(&broker, "MARKER-password").catalog().await.is_ok());
    assert_eq!(broker.versions_asked().len(), 4);
}

#[tokio::test]
async fn what_is_no_catalog_is_an_error_with_its_kind_and_advice() {
    let broker = broker();
    for (status, body, kind) in [
        (401, "", PortErrorKind::Unauthenticated),
        (403, "", PortErrorKind::Denied),
        (404, "<html>", PortErrorKind::Unsupported),
        (412, "{}", PortErrorKind::Unsupported),
        (500, "broken", PortErrorKind::Transient),
        (302, "", PortErrorKind::Unsupported),
        (200, "<html>", PortErrorKind::Malformed),
        (200, r#"{"services":[]}"#, PortErrorKind::Malformed),
        (
            200,
            r#"{"services":[{"id":"a","name":"a","plans":[{"id":"p","name":"p"},{"id":"p","name":"q"}]}]}"#,
            PortErrorKind::Malformed,
        ),
    ] {
        broker.fail_next([BrokerFault::Answer(status, body.to_owned())]);
        let source = client(&broker, "MARKER-password");
        let error = source.catalog().await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
        let text = format!("{error} {error:?} {source:?}");
        assert!(error.advice.is_some() && !text.contains("MARKER"), "{text}");
        assert!(text.contains(broker.address()), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_not_accepted_and_not_shown() {
    let broker = broker();
    let error = client(&broker, "MARKER-wrong").catalog().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthenticated);
    assert!(!format!("{error} {error:?}").contains("MARKER"));
}
