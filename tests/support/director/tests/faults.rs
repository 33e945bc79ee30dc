//! Every fault that a Director or the network has, and what the client makes of
//! it. A failure to read is never an absence.

use std::time::Duration;

use reconciler_core::adapters::http::CancellationToken;
use reconciler_core::ports::{Director, ManifestAnswer, PortError, PortErrorKind};

use super::*;
use crate::director::Fault;

const MANIFEST: &str = "/deployments/:name";

/// Reads the manifest of `a` and the list while the fault stays.
async fn under(fault: Fault) -> (PortError, PortError) {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    director.info().await.unwrap();
    fake.inject(fault.clone().on(MANIFEST));
    fake.inject(fault.on("/deployments"));
    let manifest = director.manifest(&name("a")).await.unwrap_err();
    let list = director.deployments().await.unwrap_err();
    assert!(manifest.to_string().contains("`a`"), "{manifest}");
    (manifest, list)
}

/// Reads the manifest of `a` while the fault meets two tries.
async fn survives(fault: Fault) {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    director.info().await.unwrap();
    fake.inject(fault.clone().on(MANIFEST).times(2));
    let answer = director.manifest(&name("a")).await;
    assert!(matches!(answer, Ok(ManifestAnswer::Found(_))), "{fault:?}: {answer:?}");
    assert_eq!(fake.counters().of(MANIFEST), 3, "{fault:?}");
    assert_eq!(director.statistics().retries, 2, "{fault:?}");
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_stays_is_transient() {
    for fault in [
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::GatewayTimeout,
        Fault::ShortBody,
        Fault::TruncatedGzip,
        Fault::ResetBeforeHeaders,
        Fault::ResetAfterHeaders,
    ] {
        survives(fault.clone()).await;
        let (manifest, list) = under(fault.clone()).await;
        assert_eq!(manifest.kind, PortErrorKind::Transient, "{fault:?}");
        assert_eq!(list.kind, PortErrorKind::Transient, "{fault:?}");
    }
}

#[tokio::test]
async fn an_empty_500_is_asked_once_more() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    director.info().await.unwrap();
    fake.inject(Fault::EmptyInternalError.on(MANIFEST).times(1));
    assert!(director.manifest(&name("a")).await.is_ok());
    fake.inject(Fault::EmptyInternalError.on(MANIFEST));
    let error = director.manifest(&name("a")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Transient);
    assert!(error.to_string().contains("HTTP 500"), "{error}");
    assert_eq!(fake.counters().of(MANIFEST), 4);
}

#[tokio::test]
async fn a_director_that_asks_for_quiet_gets_it() {
    let fake = FakeDirector::start(state());
    let pauses = Arc::new(RecordedPauses::default());
    let shared = Arc::clone(&pauses) as Arc<dyn Pause>;
    let director = BoshDirector::new(settings(&fake)).unwrap().with_pause(&shared);
    fake.inject(Fault::TooManyRequests { retry_after: 20 }.on(MANIFEST));
    let error = director.manifest(&name("a")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::RateLimited);
    assert_eq!(pauses.recorded(), [Duration::from_secs(20); 3]);
}

#[tokio::test]
async fn a_body_that_stalls_ends_at_the_time_limit() {
    let fake = FakeDirector::start(state());
    let mut settings = settings(&fake);
    settings.timeouts.read = Duration::from_millis(50);
    settings.retry = RetrySettings::none();
    let director = client(settings);
    fake.inject(Fault::StalledBody.on(MANIFEST));
    let error = director.manifest(&name("a")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Transient);
    assert!(error.to_string().contains("time limit"), "{error}");
}

#[tokio::test]
async fn a_page_of_something_in_between_is_no_empty_list() {
    for body in ["<html>welcome</html>", "", "{}", "null", r#"[{"nom":"a"}]"#, r#"[{"name":"../a"}]"#] {
        let (manifest, list) = under(Fault::Body(body.to_owned())).await;
        assert_eq!(manifest.kind, PortErrorKind::Malformed, "{body}");
        assert_eq!(list.kind, PortErrorKind::Malformed, "{body}");
    }
    let (_, list) = under(Fault::CutList).await;
    assert_eq!(list.kind, PortErrorKind::Malformed);
}

#[tokio::test]
async fn half_a_list_is_read_as_it_is_and_judged_by_whoever_knows_the_whole() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    fake.inject(Fault::HalfList.on("/deployments"));
    assert_eq!(director.deployments().await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_the_directors_own_404_means_gone() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    for (body, kind) in [
        (r#"{"code":70000,"description":"gone"}"#, None),
        (r#"{"code":"70000","description":"gone"}"#, None),
        (r#"{"code":10000,"description":"Task"}"#, Some(PortErrorKind::Unsupported)),
        ("Endpoint '/deployments/a' not found.", Some(PortErrorKind::Unsupported)),
        ("<html>404</html>", Some(PortErrorKind::Unsupported)),
    ] {
        fake.inject(Fault::Refusal(404, body.to_owned()).on(MANIFEST).times(1));
        let answer = director.manifest(&name("a")).await;
        match kind {
            None => assert_eq!(answer.unwrap(), ManifestAnswer::Gone, "{body}"),
            Some(kind) => assert_eq!(answer.unwrap_err().kind, kind, "{body}"),
        }
    }
}

#[tokio::test]
async fn numbers_are_taken_as_text_and_text_as_numbers() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let list = r#"[{"name":"a","releases":[{"name":"r","version":1.10}],"more":{}}]"#;
    fake.inject(Fault::Body(list.to_owned()).on("/deployments"));
    let read = director.deployments().await.unwrap();
    assert_eq!(read[0].releases[0].version.as_ref(), "1.10");
    let tasks = r#"[{"id":"7","state":"queued","deployment":null}]"#;
    fake.inject(Fault::Body(tasks.to_owned()).on("/tasks"));
    assert_eq!(director.tasks_in_flight().await.unwrap()[0].id, 7);
    let instances = r#"[{"job":"j","index":"3","ips":null}]"#;
    fake.inject(Fault::Body(instances.to_owned()).on("/deployments/:name/instances"));
    assert_eq!(director.instances(&name("a")).await.unwrap()[0].index, Some(3));
}

#[tokio::test]
async fn a_manifest_over_the_limit_costs_its_own_deployment() {
    let fake = FakeDirector::start(state());
    let mut settings = settings(&fake);
    settings.bodies.manifest = 100;
    let director = client(settings);
    let error = director.manifest(&name("b")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::TooLarge);
    assert!(director.manifest(&name("a")).await.is_ok());
}

#[tokio::test]
async fn another_director_at_the_same_address_is_seen_by_its_uuid() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let before = director.info().await.unwrap().uuid;
    fake.inject(Fault::AnotherUuid("another".to_owned()).on(MANIFEST).times(1));
    director.manifest(&name("a")).await.unwrap();
    let after = director.info().await.unwrap().uuid;
    assert_ne!(before, after);
}

#[tokio::test]
async fn a_director_that_is_not_there_is_transient_and_named() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    drop(fake);
    let error = director.info().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Transient);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_stop_in_the_middle_of_reads_ends_them_all() {
    let fake = FakeDirector::start(state());
    let stop = CancellationToken::new();
    let director = Arc::new(client(settings(&fake)).with_stop(&stop));
    director.info().await.unwrap();
    fake.inject(Fault::StalledBody.on(MANIFEST));
    let reads: Vec<_> = (0..20)
        .map(|_| {
            let director = Arc::clone(&director);
            tokio::spawn(async move { director.manifest(&name("a")).await })
        })
        .collect();
    while fake.counters().of(MANIFEST) < 4 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    for read in reads {
        let error = read.await.unwrap().unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Cancelled);
    }
    assert_eq!(fake.counters().of(MANIFEST), 4);
}
