//! The fake's answers beside those of a real Director (283.1.6, behind its
//! nginx): status, the headers that matter, the shape of the body.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const HTML: &str = "text/html;charset=utf-8";
const JSON: &str = "application/json";

struct Raw {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A request by hand: no client in between changes anything.
async fn ask(fake: &FakeDirector, request: &str, headers: &str) -> Raw {
    let host = fake.address().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Raw { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

/// `admin:admin-password`.
const ADMIN: &str = "Authorization: Basic YWRtaW46YWRtaW4tcGFzc3dvcmQ=\r\n";
/// `admin:wrong`.
const WRONG: &str = "Authorization: Basic YWRtaW46d3Jvbmc=\r\n";
/// `team:team`.
const TEAM: &str = "Authorization: Basic dGVhbTp0ZWFt\r\n";

fn basic_state() -> DirectorState {
    let mut state = state().user("admin", "admin-password", &["bosh.admin"]).user(
        "team",
        "team",
        &["bosh.teams.dba.admin"],
    );
    state.clients.clear();
    state.events.clear();
    for timestamp in [1_795_170_669, 1_795_170_670, 1_795_170_671] {
        state.record(event("deployment", "a", timestamp));
    }
    state
}

/// Request, who asks, status, content type, body.
type Fact = (&'static str, &'static str, u16, Option<&'static str>, &'static str);

const FACTS: &[Fact] = &[
    ("GET /deployments", "", 401, Some(HTML), "Not authorized: '/deployments'\n"),
    ("GET /deployments", WRONG, 401, Some(HTML), "Not authorized: '/deployments'\n"),
    (
        "GET /deployments",
        "Authorization: Bearer abc\r\n",
        401,
        Some(HTML),
        "Not authorized: '/deployments'\n",
    ),
    ("GET /deployments/nope", "", 401, Some(HTML), "Not authorized: '/deployments/nope'\n"),
    ("GET /events", "", 401, Some(HTML), "Not authorized: '/events'\n"),
    (
        "GET /deployments/nope",
        ADMIN,
        404,
        Some(HTML),
        r#"{"code":70000,"description":"Deployment 'nope' doesn't exist"}"#,
    ),
    (
        "GET /deployments/A",
        ADMIN,
        404,
        Some(HTML),
        r#"{"code":70000,"description":"Deployment 'A' doesn't exist"}"#,
    ),
    (
        "GET /deployments/a%20b",
        ADMIN,
        404,
        Some(HTML),
        r#"{"code":70000,"description":"Deployment 'a b' doesn't exist"}"#,
    ),
    ("GET /deployments/a%2Fb", ADMIN, 404, Some(HTML), "Endpoint '/deployments/a/b' not found."),
    (
        "GET /deployments/nope/vms",
        ADMIN,
        404,
        Some(HTML),
        r#"{"code":70000,"description":"Deployment 'nope' doesn't exist"}"#,
    ),
    ("GET /deployments/a/nope", ADMIN, 404, Some(HTML), "Endpoint '/deployments/a/nope' not found."),
    ("GET /nope", ADMIN, 404, Some("text/plain"), "Not Found: /nope"),
    ("GET /", ADMIN, 404, Some("text/plain"), "Not Found: /"),
    ("GET /deployments/new", ADMIN, 200, Some(HTML), r#"{"manifest":null}"#),
    ("GET /deployments/new/instances", ADMIN, 200, Some(HTML), "[]"),
    ("GET /tasks?state=cancelling", ADMIN, 200, Some(JSON), "[]"),
    ("GET /tasks/99999", ADMIN, 404, Some(HTML), r#"{"code":10000,"description":"Task 99999 not found"}"#),
    ("GET /tasks/1/output?type=result", ADMIN, 204, None, ""),
    ("GET /events?before_id=abc", ADMIN, 200, Some(JSON), "[]"),
    ("GET /events?before_id=1", ADMIN, 200, Some(JSON), "[]"),
    ("GET /events?deployment=nope", ADMIN, 200, Some(JSON), "[]"),
    ("GET /events?before_id=99999999999999999999", ADMIN, 500, Some(JSON), ""),
    ("GET /events?after_time=garbage", ADMIN, 400, Some(JSON), "Invalid after parameter: 'garbage' "),
    ("GET /events?before_time=garbage", ADMIN, 400, Some(JSON), "Invalid before parameter: 'garbage' "),
    ("GET /events?after_time=", ADMIN, 400, Some(JSON), "Invalid after parameter: '' "),
    ("GET /events?after_time=4102444800", ADMIN, 200, Some(JSON), "[]"),
    ("GET /events/999999", ADMIN, 404, Some(JSON), "Event not found"),
];

#[tokio::test]
async fn statuses_types_and_texts_are_the_directors() {
    let fake = FakeDirector::start(basic_state());
    for (request, who, status, content_type, body) in FACTS {
        let raw = ask(&fake, request, who).await;
        assert_eq!(raw.status, *status, "{request}");
        assert_eq!(raw.header("content-type"), *content_type, "{request}");
        assert_eq!(raw.body, *body, "{request}");
        let is_mounted = *content_type != Some("text/plain");
        assert_eq!(raw.header("www-authenticate").is_some(), is_mounted, "{request}");
        let is_html = *content_type == Some(HTML);
        assert_eq!(raw.header("x-frame-options").is_some(), is_html, "{request}");
        let is_cascade = raw.body.starts_with("Endpoint") || !is_mounted;
        assert_eq!(raw.header("x-cascade").is_some(), is_cascade, "{request}");
        assert_eq!(raw.header("server"), Some("nginx"));
        assert!(raw.header("date").unwrap().ends_with("GMT"));
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn bodies_have_the_directors_shape() {
    let fake = FakeDirector::start(basic_state());
    for (request, expected) in [
        ("GET /deployments", "cloud_config locked name releases stemcells teams"),
        ("GET /deployments/", "cloud_config locked name releases stemcells teams"),
        ("GET /deployments?exclude_configs=1", "cloud_config locked name releases stemcells teams"),
        ("GET /deployments?exclude_configs=true", "locked name releases stemcells teams"),
        (
            "GET /deployments?exclude_configs=true&exclude_releases=true&exclude_stemcells=true&exclude_lock=true",
            "name teams",
        ),
        ("GET /deployments/a/instances", "agent_id az cid expects_vm id index ips job vm_created_at"),
        ("GET /tasks", "context_id deployment description id result started_at state timestamp user"),
        ("GET /events", "action context deployment id object_name object_type task timestamp user"),
    ] {
        let raw = ask(&fake, request, ADMIN).await;
        let list: Value = serde_json::from_str(&raw.body).unwrap();
        assert_eq!(keys(&list[0]).join(" "), expected, "{request}");
    }
    let info = |raw: Raw| -> Value { serde_json::from_str(&raw.body).unwrap() };
    let known = info(ask(&fake, "GET /info", ADMIN).await);
    assert_eq!(
        keys(&known).join(" "),
        "cpi features name stemcell_os stemcell_version user user_authentication uuid version"
    );
    assert_eq!(known["user"], "admin");
    assert_eq!(known["user_authentication"], serde_json::json!({"type": "basic", "options": {}}));
    // Wrong credentials are no reason to refuse a greeting.
    assert_eq!(info(ask(&fake, "GET /info", WRONG).await)["user"], Value::Null);
    assert_eq!(info(ask(&fake, "GET /info", "").await)["user"], Value::Null);
    let events = info(ask(&fake, "GET /events", ADMIN).await);
    assert!(events[0]["id"].is_string() && events[0]["timestamp"].is_i64());
}

#[tokio::test]
async fn a_second_that_is_named_is_left_out_and_a_bare_plus_is_a_space() {
    let fake = FakeDirector::start(basic_state());
    for (time, count) in [
        ("1795170670", 1),
        ("1795170669", 2),
        ("2026-11-20T10:31:10Z", 1),
        ("2026-11-20T10:31:09Z", 2),
        ("2026-11-20T10:31:09%2B00:00", 2),
        ("2026-11-20T10:31:09+00:00", 2),
        ("2026-11-20", 3),
    ] {
        let raw = ask(&fake, &format!("GET /events?after_time={time}"), ADMIN).await;
        let list: Vec<Value> = serde_json::from_str(&raw.body).unwrap();
        assert_eq!(list.len(), count, "{time}");
    }
    let raw = ask(&fake, "GET /events?before_time=1795170670", ADMIN).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&raw.body).unwrap().len(), 1);
}

#[tokio::test]
async fn only_html_of_1250_bytes_is_packed_and_then_without_a_length() {
    let fake = FakeDirector::start(basic_state());
    fake.change(|state| {
        for _ in 0..50 {
            state.record(event("deployment", "a", 1));
        }
    });
    let accepts = format!("{ADMIN}Accept-Encoding: gzip\r\n");
    let packed = ask(&fake, "GET /deployments/b", &accepts).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("transfer-encoding"), Some("chunked"));
    assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
    for (request, headers) in [
        ("GET /deployments/b", ADMIN),
        ("GET /deployments/a", accepts.as_str()),
        ("GET /events", accepts.as_str()),
    ] {
        let raw = ask(&fake, request, headers).await;
        assert_eq!(raw.header("content-encoding"), None, "{request}");
        assert!(raw.header("content-length").is_some(), "{request}");
    }
}

#[tokio::test]
async fn tasks_are_started_by_full_lists_and_deletes_and_redirected_to() {
    let fake = FakeDirector::start(basic_state());
    let full = ask(&fake, "GET /deployments/a/vms?format=full", ADMIN).await;
    assert_eq!((full.status, full.header("content-length")), (302, Some("0")));
    let expected = format!("{}/tasks/2", fake.address());
    assert_eq!(full.header("location"), Some(expected.as_str()));
    fake.change(|state| state.redirects_lose_port = true);
    let delete = ask(&fake, "DELETE /deployments/a", ADMIN).await;
    assert_eq!(delete.header("location"), Some("http://127.0.0.1/tasks/3"));
    assert_eq!(fake.counters().tasks_created, 2);
}

#[tokio::test]
async fn scopes_referers_and_long_context_ids_are_refused_as_the_director_does() {
    let fake = FakeDirector::start(basic_state());
    let refused = ask(&fake, "GET /deployments/b", TEAM).await;
    let uuid = "2daf673a-9755-4b4f-aa6d-3632fbed8012";
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.body,
        format!(
            r#"{{"code":600000,"description":"Require one of the scopes: bosh.admin, bosh.{uuid}.admin, bosh.read, bosh.{uuid}.read"}}"#
        )
    );
    assert_eq!(ask(&fake, "GET /deployments/a", TEAM).await.status, 200);
    let list = ask(&fake, "GET /deployments", TEAM).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&list.body).unwrap().len(), 1);

    let referer = format!("{ADMIN}Referer: https://elsewhere/\r\n");
    assert_eq!(ask(&fake, "GET /events", &referer).await.status, 403);
    assert_eq!(ask(&fake, "GET /deployments", &referer).await.status, 200);

    let long = format!("{ADMIN}X-Bosh-Context-Id: {}\r\n", "x".repeat(65));
    let raw = ask(&fake, "GET /deployments", &long).await;
    assert_eq!((raw.status, raw.body.contains("70010")), (400, true));
}
