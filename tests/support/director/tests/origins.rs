//! The token and the secret stay where they belong, whoever asks for them.

use reconciler_core::ports::{Director, PortErrorKind};

use super::*;
use crate::director::Fault;

#[tokio::test]
async fn a_token_does_not_follow_a_location_to_another_origin() {
    let thief = FakeDirector::start(state());
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let port = fake.address().rsplit_once(':').unwrap().1.to_owned();
    for location in [
        format!("{}/deployments", thief.address()),
        thief.address().replace("http://", "//"),
        "https://user:MARKER@thief.example/deployments?MARKER".to_owned(),
        // Another scheme or host at the same port is another origin.
        format!("https://127.0.0.1:{port}/deployments"),
        format!("http://localhost:{port}/deployments"),
        "http://127.0.0.1/deployments".to_owned(),
        "http://[broken".to_owned(),
    ] {
        fake.inject(Fault::Redirect(location.clone()).on("/deployments").times(1));
        let error = director.deployments().await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unsupported, "{location}");
        let text = format!("{error} {error:?}");
        assert!(text.contains("redirects to") && !text.contains("MARKER"), "{text}");
    }
    // Nor does the greeting, which carries nothing.
    fake.inject(Fault::Redirect(format!("{}/info", thief.address())).on("/info"));
    assert!(director.info().await.is_err());
    assert!(thief.counters().seen.is_empty());
}

#[tokio::test]
async fn a_secret_does_not_follow_the_uaa_to_another_place() {
    let thief = FakeDirector::start(state());
    let fake = FakeDirector::start(state());
    let own = format!("{}/uaa/oauth/token", fake.address());
    for location in [format!("{}/uaa/oauth/token", thief.address()), own] {
        let director = client(settings(&fake));
        fake.inject(Fault::Redirect(location).on("/oauth/token").times(1));
        let error = director.deployments().await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Unsupported);
        assert!(error.to_string().contains("secrets do not follow"), "{error}");
    }
    assert!(thief.counters().seen.is_empty());
    assert_eq!(fake.counters().of("/oauth/token"), 2);
}

#[tokio::test]
async fn the_uaa_gets_the_secret_and_never_the_token_and_the_director_the_reverse() {
    let uaa = FakeDirector::start(state());
    let fake = FakeDirector::start(state());
    fake.change(|state| state.uaa_addresses = vec![format!("{}/uaa", uaa.address())]);
    let director = client(settings(&fake));
    // The token of another UAA is refused here; where it went is the question.
    assert!(director.deployments().await.is_err());
    let token = uaa.change(|state| state.tokens_issued()).remove(0);
    for request in uaa.counters().seen {
        assert_eq!(request.route, "/oauth/token");
        let sent = request.authorization.unwrap();
        assert!(sent.starts_with("Basic ") && !sent.contains(&token));
    }
    for request in fake.counters().seen {
        assert!(request.authorization.is_none_or(|sent| sent.starts_with("Bearer ")));
    }
}

#[tokio::test]
async fn a_redirect_within_the_director_is_followed_with_the_token() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let own = format!("{}/deployments?exclude_lock=true", fake.address());
    for location in [own, "/deployments?exclude_lock=true".to_owned()] {
        fake.inject(Fault::Redirect(location).on("/deployments").times(1));
        assert_eq!(director.deployments().await.unwrap().len(), 3);
    }
    assert!(fake.counters().seen.iter().all(|request| !request.has_referer));
    fake.inject(Fault::Redirect("/deployments".to_owned()).on("/deployments"));
    let error = director.deployments().await.unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
}
