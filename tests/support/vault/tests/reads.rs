//! Reads and lists: only one thing means absence.

use reconciler_core::ports::{PortErrorKind, SecretStore, Slot, Version};
use serde_json::json;

use super::super::{Effect, Fault, Route};
use super::{Bench, FakeVaultSettings, expect, open, settings};

#[tokio::test]
async fn values_come_back_with_the_text_of_their_numbers() {
    let bench = Bench::new();
    let text = r#"{"at":1795406299,"big":9007199254740992,"half":0.5,"s":"<1.10>"}"#;
    bench.write("db", text, 0).await.unwrap();
    let slot = bench.store.read("db").await.unwrap();
    assert_eq!(slot.version(), Version(1));
    assert_eq!(slot.data().unwrap().raw("at").unwrap().get(), "1795406299");
    assert_eq!(*slot.data().unwrap(), super::object(text));
    // The broker's own numbers are the server's spelling.
    bench.fake.put("db", json!({"n": 9_007_199_254_740_993_u64}));
    let slot = bench.store.read("db").await.unwrap();
    assert_eq!(slot.data().unwrap().raw("n").unwrap().get(), "9007199254740992");
}

#[tokio::test]
async fn failures_to_find_out_are_never_absence() {
    for (effect, kind, words) in [
        (
            Effect::Refuse {
                status: 404,
                errors: vec!["no handler for route \"secret/data/db\"".to_owned()],
                retry_after: None,
            },
            PortErrorKind::Local,
            "Vault has nothing at this place",
        ),
        (
            Effect::Warn("Invalid path for a versioned K/V secrets engine".to_owned()),
            PortErrorKind::Local,
            "Invalid path for a versioned",
        ),
        (Effect::Truncate, PortErrorKind::Malformed, "not what Vault sends"),
        (Effect::NoContent, PortErrorKind::Malformed, "not an answer of Vault"),
        (Effect::CutBefore, PortErrorKind::Transient, "after 4 tries"),
        (Effect::BreakBody, PortErrorKind::Transient, "after 4 tries"),
        (Effect::sealed(), PortErrorKind::Unavailable, "sealed"),
        (Effect::election(), PortErrorKind::Unavailable, "active"),
        (Effect::stale(), PortErrorKind::Transient, "caught up"),
        (Effect::rate_limited(None), PortErrorKind::RateLimited, "fewer requests"),
    ] {
        for path in ["read", "list"] {
            let bench = Bench::new();
            bench.fake.put("db", json!({"a": 1}));
            let route = if path == "read" { Route::Read } else { Route::List };
            bench.fake.fault(Fault::new(effect.clone()).on(route).always());
            let error = match route {
                Route::Read => bench.store.read("db").await.map(drop),
                _ => bench.store.list("").await.map(drop),
            };
            expect(&error.unwrap_err(), kind, words);
        }
    }
}

#[tokio::test]
async fn a_404_of_something_else_is_not_absence() {
    for body in ["{}", r#"{"message":"no Route matched"}"#, r#"{"errors":null}"#, "[]", "[null,null,[]]"] {
        for route in [Route::Read, Route::List, Route::Preflight] {
            let bench = Bench::new();
            bench.fake.put("db", json!({"a": 1}));
            bench.fake.fault(Fault::new(Effect::not_found(body)).on(route).always());
            let (outcome, kind) = match route {
                Route::Read => (bench.store.read("db").await.map(drop), PortErrorKind::Malformed),
                Route::List => (bench.store.list("").await.map(drop), PortErrorKind::Malformed),
                _ => (bench.store.read("db").await.map(drop), PortErrorKind::Unsupported),
            };
            assert!(outcome.is_err(), "{route:?} takes {body} for absence");
            expect(&outcome.unwrap_err(), kind, "404");
        }
    }
    let bench = Bench::new();
    bench.fake.fault(Fault::new(Effect::not_found(r#"{"errors":[]}"#)).on(Route::Read));
    assert_eq!(bench.store.read("db").await.unwrap(), Slot::Vacant { version: Version::NEVER });
}

#[tokio::test]
async fn reads_are_made_again_without_ado() {
    for effect in [
        Effect::CutBefore,
        Effect::CutAfter,
        Effect::BreakBody,
        Effect::internal_error_after(),
        Effect::no_active_node(),
        Effect::stale(),
    ] {
        let name = format!("{effect:?}");
        let bench = Bench::new();
        bench.fake.put("db", json!({"a": 1}));
        bench.fake.fault(Fault::new(effect).on(Route::Read).times(3));
        let slot = bench.store.read("db").await;
        assert_eq!(slot.unwrap().version(), Version(1), "{name}");
        assert_eq!(bench.fake.count(Route::Read), 4, "{name}");
    }
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_told_with_the_address() {
    let bench = Bench::new();
    let closed = settings(&bench.fake);
    let store = open(closed, &bench.clock, &bench.pauses);
    let address = bench.fake.address().to_owned();
    drop(bench.fake);
    let error = store.read("db").await.unwrap_err();
    expect(&error, PortErrorKind::Transient, "refused");
    assert!(error.advice.unwrap().contains(&address), "{address}");
}

#[tokio::test]
async fn a_page_of_something_else_is_not_absence() {
    let bench = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        let address = format!("{}/elsewhere", fake.address());
        settings.address = address.parse().unwrap();
    });
    let error = bench.store.read("db").await.unwrap_err();
    expect(&error, PortErrorKind::Malformed, "not an answer of Vault");
}

#[tokio::test]
async fn a_replicated_cluster_is_told_what_we_have_seen() {
    let settings = FakeVaultSettings { indexed: true, ..FakeVaultSettings::default() };
    let bench = Bench::with(settings, |_, _| {});
    bench.write("db", "{}", 0).await.unwrap();
    assert!(bench.store.read("db").await.unwrap().data().is_some());
    // A node that is behind says so until it has caught up.
    bench.fake.set_index(0);
    let fake = bench.fake.handle();
    bench.pauses.meanwhile(move || fake.set_index(1));
    let slot = bench.store.read("db").await.unwrap();
    assert!(matches!(slot, Slot::Present { .. }));
    assert_eq!(bench.pauses.noted().len(), 1);
}
