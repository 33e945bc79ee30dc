//! Every fault at the level of a run: it ends, says which deployments are
//! unknown and why, and takes nothing unknown for absent.

use reconciler_tests::broker::BrokerFault;
use reconciler_tests::certificates::CertificateKind;
use reconciler_tests::director::{FakeDirectorSettings, Fault};

use super::*;

const MANIFEST: &str = "/deployments/:name";

/// The deployments that are said to be unknown.
fn unknown(report: &serde_json::Value) -> Vec<&str> {
    let rows = report["data"]["unknown"].as_array().into_iter().flatten();
    rows.map(|row| row["deployment"].as_str().unwrap()).collect()
}

fn codes(report: &serde_json::Value) -> Vec<&str> {
    let rows = report["data"]["findings"].as_array().into_iter().flatten();
    rows.map(|row| row["code"].as_str().unwrap()).collect()
}

#[test]
fn a_fault_at_one_manifest_costs_that_deployment_and_nothing_else() {
    let gone = format!(r#"{{"code":70000,"description":"Deployment '{}' doesn't exist"}}"#, name(2));
    for (fault, why) in [
        (Fault::EmptyInternalError, "HTTP 500"),
        (Fault::BadGateway, "HTTP 502"),
        (Fault::Unavailable, "HTTP 503"),
        (Fault::GatewayTimeout, "HTTP 504"),
        (Fault::TooManyRequests { retry_after: 0 }, "HTTP 429"),
        (Fault::Unauthorized, "does not accept the credentials"),
        (Fault::StalledBody, "within the time limit"),
        (Fault::ShortBody, "broke"),
        (Fault::TruncatedGzip, "compression is damaged"),
        (Fault::ResetBeforeHeaders, "connection"),
        (Fault::ResetAfterHeaders, "broke"),
        (Fault::Body("<html>a page of something in between".to_owned()), ""),
        (Fault::Refusal(404, "<html>".to_owned()), "not in the Director's own words"),
        (Fault::Refusal(404, gone), "vanished during the scan"),
        (Fault::Redirect("https://elsewhere.test/deployments/x".to_owned()), "the credentials do not follow"),
    ] {
        let scene = Scene::new(6);
        scene.director.inject(fault.clone().on(MANIFEST).of(&name(2)));
        let run: Ended = scene
            .command(&["run", "--json"])
            .env("BLACKSMITH_RECONCILER_DIRECTOR_READ_TIMEOUT", "100ms")
            .env("BLACKSMITH_RECONCILER_DIRECTOR_TRIES", "2")
            .output()
            .unwrap()
            .into();
        assert_eq!(run.code, Some(3), "{fault:?}: {run:?}");
        let report = run.json();
        assert_eq!(unknown(&report), [name(2)], "{fault:?}");
        let said = report["data"]["unknown"][0]["why"].as_str().unwrap();
        assert!(said.contains(why), "{fault:?}: {said}");
        assert_eq!(report["data"]["counts"]["matched"], 5, "{fault:?}");
        assert!(!codes(&report).contains(&"entry.absent"), "{fault:?}");
    }
}

#[test]
fn a_manifest_that_could_not_be_read_is_asked_for_again_within_the_run() {
    let scene = Scene::new(12);
    let with_retries = |attempts: &str| -> Ended {
        let mut command = scene.command(&["run", "--json"]);
        command.env("BLACKSMITH_RECONCILER_DIRECTOR_TRIES", "1");
        command.env("BLACKSMITH_RECONCILER_RETRY_ATTEMPTS", attempts).output().unwrap().into()
    };
    // One is refused twice, and five others in a row end the first pass.
    scene.director.inject(Fault::BadGateway.on(MANIFEST).of(&name(2)).times(2));
    scene.director.inject(Fault::BadGateway.on(MANIFEST).after(3).times(6));
    let run = with_retries("3");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.json()["data"]["counts"]["changed"], 12, "{run:?}");
    assert!(run.stderr.contains("trying again"), "{run:?}");
    // What lasts is unknown in the end, and nothing else is.
    scene.director.inject(Fault::BadGateway.on(MANIFEST).of(&name(4)));
    let run = with_retries("2");
    assert_eq!((run.code, unknown(&run.json())), (Some(3), vec![name(4).as_str()]), "{run:?}");
    assert!(!codes(&run.json()).contains(&"scan.incomplete"), "{run:?}");
}

#[test]
fn a_director_that_stops_answering_ends_the_scan_and_the_rest_is_unknown() {
    for fault in [Fault::BadGateway, Fault::ResetBeforeHeaders, Fault::EmptyInternalError] {
        let scene = Scene::new(40);
        assert_eq!(scene.run(&["run"]).code, Some(0));
        scene.director.reset_counters();
        scene.director.inject(fault.clone().on(MANIFEST).after(10));
        let run = scene.run(&["run", "--json"]);
        assert_eq!(run.code, Some(3), "{fault:?}: {run:?}");
        let report = run.json();
        assert_eq!(unknown(&report).len(), 30, "{fault:?}");
        let why: Vec<&str> = report["data"]["unknown"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["why"].as_str().unwrap())
            .collect();
        let not_asked = why.iter().filter(|why| why.starts_with("not asked: 5 requests")).count();
        // What was under way when the fifth failed is not called back.
        assert!((30 - 5 - 4..=30 - 5).contains(&not_asked), "{fault:?}: {why:?}");
        assert!(codes(&report).contains(&"scan.incomplete") && !codes(&report).contains(&"entry.absent"));
        assert!(scene.director.counters().of(MANIFEST) < 10 + 9 * 4 + 1, "{fault:?}");
    }
}

#[test]
fn what_keeps_the_list_from_being_read_ends_the_run_as_unreachable() {
    for fault in [
        Fault::EmptyInternalError.everywhere(),
        Fault::BadGateway.everywhere(),
        Fault::ResetBeforeHeaders.everywhere(),
        Fault::BadGateway.on("/deployments"),
        Fault::CutList.on("/deployments"),
        Fault::Body("<html>login".to_owned()).on("/deployments"),
        Fault::Body("{}".to_owned()).on("/deployments"),
        Fault::TruncatedGzip.on("/deployments"),
        Fault::Unauthorized.on("/deployments"),
        Fault::Scopes(Vec::new()).on("/deployments"),
        Fault::Redirect("https://elsewhere.test/".to_owned()).on("/deployments"),
        Fault::BadGateway.on("/tasks"),
        Fault::Refusal(401, "{}".to_owned()).on("/oauth/token"),
    ] {
        let scene = Scene::new(3);
        scene.director.inject(fault.clone());
        let run = scene.run(&["run"]);
        assert_eq!(run.code, Some(2), "{fault:?}: {run:?}");
        assert!(run.stderr.contains("error: failed to "), "{fault:?}: {run:?}");
        assert!(!run.stdout.contains("writes"), "{fault:?}");
    }
}

#[test]
fn a_director_that_is_not_there_is_named_with_what_to_do() {
    let scene = Scene::new(1);
    for address in ["http://127.0.0.1:1", "https://127.0.0.1:1"] {
        let nobody: Ended = scene.command(&["scan", "-e", address]).output().unwrap().into();
        assert_eq!(nobody.code, Some(2), "{nobody:?}");
        let said = format!("`{address}`: the connection was refused");
        let advice = format!("check that the Director runs and can be reached at {address}");
        assert!(nobody.stderr.contains(&said) && nobody.stderr.contains(&advice), "{nobody:?}");
        assert_eq!(nobody.stderr.contains("`https://` may be meant"), address.starts_with("http:"));
    }
    // TLS to a port that speaks none, and the other way round.
    let address = scene.director.address().replace("http://", "https://");
    let plain: Ended = scene.command(&["scan", "-e", &address]).output().unwrap().into();
    assert!(plain.stderr.contains(&address) && plain.stderr.contains("does not speak TLS"), "{plain:?}");
    assert!(plain.stderr.contains("an `http://` address may be meant"), "{plain:?}");
    let page = "<center>The plain HTTP request was sent to HTTPS port</center>".to_owned();
    scene.director.inject(Fault::Refusal(400, page).on("/info"));
    let encrypted = scene.run(&["scan"]);
    assert!(encrypted.stderr.contains("write the address with `https://`"), "{encrypted:?}");
}

#[test]
fn a_certificate_that_is_not_trusted_is_said_once_and_in_our_words() {
    let mut scene = Scene::new(1);
    let settings =
        FakeDirectorSettings { tls: Some(CertificateKind::Good), ..FakeDirectorSettings::default() };
    scene.director = FakeDirector::start_with(director(1), settings);
    let scan = scene.run(&["scan"]);
    assert!(scan.stderr.contains("signed by a CA that is not trusted here"), "{scan:?}");
    assert!(!scan.stderr.contains("ERROR"), "{scan:?}");
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_scan_is_renewed() {
    let scene = Scene::new(20);
    scene.director.inject(Fault::ExpireTokens.on(MANIFEST).after(7).times(1));
    let run = scene.run(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(scene.director.counters().of("/oauth/token"), 2);
}

#[test]
fn scopes_that_go_in_the_middle_of_a_scan_leave_the_rest_unknown() {
    let scene = Scene::new(12);
    assert_eq!(scene.run(&["run"]).code, Some(0));
    scene
        .director
        .inject(Fault::Scopes(vec!["bosh.teams.other.admin".to_owned()]).on(MANIFEST).after(5).times(1));
    let run = scene.run(&["run", "--json"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let report = run.json();
    let left = unknown(&report).len();
    assert!((3..=7).contains(&left), "{left}");
    assert!(report["data"]["unknown"][0]["why"].as_str().unwrap().contains("Require one of the scopes"));
    assert!(!codes(&report).contains(&"entry.absent"));
}

#[test]
fn a_broker_that_gives_no_catalog_stops_the_run() {
    for fault in [
        BrokerFault::Answer(500, String::new()),
        BrokerFault::Answer(401, String::new()),
        BrokerFault::Answer(200, "<html>".to_owned()),
        BrokerFault::Answer(200, r#"{"services":[]}"#.to_owned()),
        BrokerFault::Reset,
    ] {
        let scene = Scene::new(1);
        scene.broker.fail_next([fault.clone()]);
        let run = scene.run(&["run"]);
        assert_eq!(run.code, Some(2), "{fault:?}: {run:?}");
        assert!(run.stderr.contains("read the catalog of the broker"), "{fault:?}: {run:?}");
        // But for who it is, which says whose journal tells of it.
        let asked = scene.director.counters();
        assert_eq!(asked.director(), asked.of("/info"), "{fault:?}");
    }
}
