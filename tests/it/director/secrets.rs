//! Nothing that the program prints holds a secret, at any level of its log.

use reconciler_tests::director::Fault;

use super::*;

#[test]
fn no_secret_is_printed_at_trace_level() {
    let mut said = String::new();
    let mut markers = Vec::new();
    for fault in [
        None,
        Some(Fault::BadGateway.on("/deployments/:name")),
        Some(Fault::Unauthorized.on("/deployments/:name")),
        Some(
            Fault::Refusal(500, r#"{"code":100,"description":"MARKER in the words"}"#.to_owned())
                .on("/deployments/:name"),
        ),
        Some(Fault::ResetAfterHeaders.on("/deployments/:name")),
        Some(Fault::CutList.on("/deployments")),
        Some(Fault::Body(r#"{"manifest":["MARKER-odd"]}"#.to_owned()).on("/deployments/:name")),
        Some(Fault::Redirect("https://u:MARKER@elsewhere.test/?MARKER".to_owned()).on("/deployments/:name")),
        Some(Fault::Refusal(401, format!(r#"{{"error":"{CLIENT_SECRET}"}}"#)).on("/oauth/token")),
    ] {
        let scene = Scene::new(4);
        if let Some(fault) = fault {
            scene.director.inject(fault);
        }
        let explained = name(1);
        for arguments in [
            &["plan"][..],
            &["run", "--json"],
            &["scan", "--format", "yaml"],
            &["explain", &explained],
            &["doctor"],
        ] {
            let ended: Ended = scene.command(arguments).env("RUST_LOG", "trace").output().unwrap().into();
            said += &ended.all();
        }
        markers.extend(scene.director.change(|state| state.tokens_issued()));
    }
    assert!(
        ["TRACE", "route=\"/deployments/:name\"", "manifest not in the cache"]
            .iter()
            .all(|part| said.contains(part)),
        "the log is captured"
    );
    assert!(markers.len() > 10, "{}", markers.len());
    markers.push("MARKER".to_owned());
    // As `Authorization` holds them: `reader:MARKER-`, `blacksmith:MARKER-`.
    markers.extend(["cmVhZGVyOk1BUktFUi".to_owned(), "YmxhY2tzbWl0aDpNQVJLRVIt".to_owned()]);
    for marker in markers {
        if let Some(at) = said.find(&marker) {
            let start = said[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            panic!("`{marker}` is printed: …{}", &said[start..at + marker.len()]);
        }
    }
}

#[test]
fn debug_shows_each_request_and_where_a_manifest_came_from() {
    let scene = Scene::new(2);
    // The first run has to ask when deployments were made.
    for (variable, flag, events) in [("BLACKSMITH_DEBUG", "", 1), ("DEBUG", "", 0), ("", "--debug", 0)] {
        let mut command = scene.command(&["run"]);
        if !variable.is_empty() {
            command.env(variable, "1");
        }
        if !flag.is_empty() {
            command.arg(flag);
        }
        let ended: Ended = command.output().unwrap().into();
        let requests = ended.stderr.lines().filter(|line| line.contains(": request ")).count();
        // `/info`, the list, the tasks, two manifests, the token and the catalog.
        assert_eq!(requests, 7 + events, "{ended:?}");
        for (text, times) in [("manifest not in the cache", 2), ("manifest from the cache", 2)] {
            assert_eq!(ended.stderr.matches(text).count(), times, "{text}: {ended:?}");
        }
    }
    assert!(!scene.run(&["run"]).stderr.contains("request"));
}
