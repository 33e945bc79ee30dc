//! Who we are to the Director: passwords, tokens that end, scopes that are
//! missing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use reconciler_core::ports::Reach;
use reconciler_core::ports::{Clock, Director, PortErrorKind, SystemClock};

use super::*;
use crate::director::Fault;

const TOKEN: &str = "/oauth/token";
const MANIFEST: &str = "/deployments/:name";

#[tokio::test]
async fn basic_authentication_is_used_where_there_is_no_uaa() {
    let state = state();
    let state = DirectorState { clients: Default::default(), ..state };
    let fake = FakeDirector::start(state.user("reader", SECRET, &["bosh.read"]));
    let director = client(settings(&fake));
    assert_eq!(director.info().await.unwrap().scopes, None);
    assert!(director.deployments().await.is_ok());

    let mut wrong = settings(&fake);
    wrong.client_secret = Some(Secret::new("wrong"));
    let error = client(wrong).deployments().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthenticated);
    assert!(error.advice.unwrap().contains("BOSH_CLIENT_SECRET"));
    // A password does not change by asking again.
    assert_eq!(fake.counters().of("/deployments"), 2);
}

#[tokio::test]
async fn a_thousand_reads_share_one_token() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let a = name("a");
    let reads = join_all((0..50).map(|_| director.manifest(&a))).await;
    assert!(reads.iter().all(Result::is_ok));
    let counters = fake.counters();
    assert_eq!((counters.of(TOKEN), counters.of("/info")), (1, 1));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let mut state = state();
    state.token_lifetime = 120;
    let fake = FakeDirector::start(state);
    let director = client(settings(&fake));
    director.deployments().await.unwrap();
    pass(Duration::from_secs(85)).await;
    director.deployments().await.unwrap();
    assert_eq!(fake.counters().of(TOKEN), 1);
    pass(Duration::from_secs(10)).await;
    director.deployments().await.unwrap();
    assert_eq!(fake.counters().of(TOKEN), 2);
    assert_eq!(fake.counters().of("/deployments"), 3);
}

/// Lets time pass by tokio's clock, without waiting.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_uaa_that_is_away_does_not_end_a_token_that_is_still_good() {
    let mut state = state();
    state.token_lifetime = 120;
    let fake = FakeDirector::start(state);
    let director = client(settings(&fake));
    director.deployments().await.unwrap();
    pass(Duration::from_secs(100)).await;
    fake.inject(Fault::ResetBeforeHeaders.on(TOKEN));
    assert!(director.deployments().await.is_ok());
    pass(Duration::from_secs(30)).await;
    let error = director.deployments().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Transient);
    assert!(error.to_string().contains("get a token from the UAA"), "{error}");
}

#[tokio::test]
async fn tokens_that_end_in_the_middle_of_a_scan_are_replaced_once_for_all() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    director.info().await.unwrap();
    fake.inject(Fault::ExpireTokens.on(MANIFEST).after(20).times(1));
    let a = name("a");
    let reads = join_all((0..60).map(|_| director.manifest(&a))).await;
    assert!(reads.iter().all(Result::is_ok));
    let counters = fake.counters();
    assert_eq!(counters.of(TOKEN), 2);
    // Those in flight at that moment were made again, no more.
    assert!(counters.of(MANIFEST) <= 60 + IN_FLIGHT as u64, "{counters:?}");
}

#[tokio::test]
async fn a_director_that_refuses_every_token_is_asked_twice_and_not_for_ever() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    fake.inject(Fault::Unauthorized.on(MANIFEST));
    let error = director.manifest(&name("a")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthenticated);
    let counters = fake.counters();
    assert_eq!((counters.of(MANIFEST), counters.of(TOKEN)), (2, 2));
}

#[tokio::test]
async fn a_missing_scope_is_named_and_no_reason_for_another_token() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    director.deployments().await.unwrap();
    fake.inject(Fault::Scopes(vec!["bosh.teams.web.admin".to_owned()]).on(MANIFEST).times(1));
    let error = director.manifest(&name("a")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Denied);
    assert!(error.to_string().contains("bosh.read"), "{error}");
    assert!(error.advice.unwrap().contains("`bosh.read`"));
    assert_eq!((fake.counters().of(MANIFEST), fake.counters().of(TOKEN)), (1, 1));
    // Of a team, the list is shorter without an error.
    assert!(director.deployments().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_client_that_the_uaa_refuses_is_not_tried_for_every_deployment() {
    let fake = FakeDirector::start(state());
    let mut settings = settings(&fake);
    settings.client_secret = Some(Secret::new("wrong"));
    let director = client(settings);
    for _ in 0..5 {
        let error = director.manifest(&name("a")).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unauthenticated);
        assert!(error.to_string().contains("Bad credentials"), "{error}");
    }
    assert_eq!(fake.counters().of(TOKEN), 1);
    assert_eq!(fake.counters().of(MANIFEST), 0);
    pass(Duration::from_secs(61)).await;
    assert!(director.manifest(&name("a")).await.is_err());
    assert_eq!(fake.counters().of(TOKEN), 2);
}

#[tokio::test]
async fn without_a_client_the_error_says_what_to_set() {
    let fake = FakeDirector::start(state());
    let mut settings = settings(&fake);
    settings.client = None;
    let director = client(settings);
    assert!(director.info().await.is_ok());
    let error = director.deployments().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthenticated);
    assert!(error.advice.unwrap().contains("BOSH_CLIENT"));
}

#[tokio::test]
async fn the_second_uaa_is_asked_if_the_first_is_out_of_reach() {
    let gone = FakeDirector::start(state()).address().to_owned();
    let fake = FakeDirector::start(state());
    let own = format!("{}/uaa", fake.address());
    fake.change(|state| state.uaa_addresses = vec![gone, own]);
    assert!(client(settings(&fake)).deployments().await.is_ok());
}

/// An hour behind.
#[derive(Debug)]
struct Slow;

impl Clock for Slow {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() - TimeDelta::hours(1)
    }
}

#[tokio::test]
async fn an_examination_tells_user_scopes_and_clock() {
    let fake = FakeDirector::start(state());
    let found = client(settings(&fake)).examine(&Slow).await.unwrap();
    assert_eq!(found.user.as_deref(), Some("reader"));
    assert!(found.login.is_ok());
    assert_eq!(found.reach, Some(Reach::Everything));
    assert_eq!(found.uaa, [format!("{}/uaa", fake.address())]);
    assert_eq!(found.token_lifetime.unwrap().as_secs(), 43_199);
    let minutes = found.info.clock_ahead.unwrap().num_minutes();
    assert!((59..=60).contains(&minutes), "{minutes}");

    let mut wrong = settings(&fake);
    wrong.client_secret = Some(Secret::new("wrong"));
    let found = client(wrong).examine(&SystemClock).await.unwrap();
    assert_eq!(found.info.authentication, "uaa");
    assert_eq!(found.login.unwrap_err().kind, PortErrorKind::Unauthenticated);
    assert_eq!((found.user, found.reach), (None, None));
}
