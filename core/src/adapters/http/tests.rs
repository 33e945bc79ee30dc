//! The transport against a socket that answers what a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::ports::PortErrorKind;

/// What the server does with one request.
#[derive(Clone)]
enum Reply {
    Text(String),
    /// Answers this and resets the connection.
    Reset(String),
    Silence,
}

fn reply(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Text(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    ))
}

#[derive(Debug, Default)]
struct Recorded(Mutex<Vec<Duration>>);

#[async_trait]
impl Pause for Recorded {
    async fn pause(&self, delay: Duration) {
        self.0.lock().unwrap().push(delay);
    }
}

struct Stage {
    transport: Transport,
    pauses: Arc<Recorded>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    fn pauses(&self) -> Vec<u128> {
        let pauses = self.pauses.0.lock().unwrap();
        pauses.iter().map(Duration::as_millis).collect()
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn transport_to(port: u16, pauses: &Arc<Recorded>) -> Transport {
    let retry = RetrySettings { jitter: false, ..RetrySettings::default() };
    let base = Url::parse(&format!("http://127.0.0.1:{port}/below/")).unwrap();
    let client = ClientSettings::default().build().unwrap();
    Transport::new(client, base, retry, &LimitSettings::new(4, None))
        .unwrap()
        .with_pause(Arc::clone(pauses) as Arc<dyn Pause>)
}

/// Answers one request a connection, in the order given.
async fn stage(replies: Vec<Reply>) -> Stage {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        let mut open = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = read_head(&mut stream).await;
            seen.lock().unwrap().push(head);
            match reply {
                Reply::Text(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                Reply::Reset(text) => {
                    stream.write_all(text.as_bytes()).await.unwrap();
                    stream.set_zero_linger().unwrap();
                }
                Reply::Silence => open.push(stream),
            }
        }
    });
    let pauses = Arc::new(Recorded::default());
    Stage { transport: transport_to(port, &pauses), pauses, requests }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let n = stream.read(&mut chunk).await.unwrap();
        head.extend_from_slice(&chunk[..n]);
        if n == 0 {
            break;
        }
    }
    String::from_utf8(head).unwrap()
}

fn get() -> Call<'static> {
    Call::get("/things/:name", &["a b"], "read the thing").subject("a b")
}

fn put() -> Call<'static> {
    Call::new(Method::PUT, "/things/:name", &["a b"], "write the thing").body("text/plain", "x")
}

#[tokio::test]
async fn an_unavailable_server_is_asked_four_times_with_doubling_delays() {
    let busy = reply("503 Service Unavailable", "", "busy");
    let stage = stage(vec![busy.clone(), busy.clone(), busy.clone(), busy]).await;
    let answer = stage.transport.send(&get()).await.unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(stage.pauses(), [500, 1000, 2000]);
    let counts = stage.transport.counts();
    assert_eq!(counts.by_route["/things/:name"], 4);
    assert_eq!((counts.retries, counts.most_in_flight, counts.total()), (3, 1, 4));
}

#[derive(Debug, Default)]
struct Notes(Mutex<Vec<String>>);

impl RequestObserver for Notes {
    fn observe(&self, observation: &Observation) {
        let Observation { peer, method, route, status, is_retry, .. } = observation;
        let line = format!("{peer} {method} {route} {status:?} {is_retry}");
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn an_observer_is_told_of_every_try_and_of_no_name() {
    let stage =
        stage(vec![reply("503 Busy", "", "busy"), Reply::Reset(String::new()), reply("200 OK", "", "done")])
            .await;
    let notes = Arc::new(Notes::default());
    let transport = stage.transport.clone().with_observer("director", notes.clone());
    transport.send(&get()).await.unwrap();
    let expected = ["Some(503) false", "None true", "Some(200) true"];
    let expected = expected.map(|outcome| format!("director GET /things/:name {outcome}"));
    assert_eq!(*notes.0.lock().unwrap(), expected);
}

#[tokio::test]
async fn retry_after_is_obeyed_up_to_its_limit() {
    let stage = stage(vec![
        reply("429 Too Many Requests", "retry-after: 7\r\n", ""),
        reply("429 Too Many Requests", "retry-after: 7200\r\n", ""),
        reply(
            "503 Unavailable",
            "date: Mon, 23 Nov 2026 03:47:24 GMT\r\n\
             retry-after: Mon, 23 Nov 2026 03:47:44 GMT\r\n",
            "",
        ),
        reply("200 OK", "", "done"),
    ])
    .await;
    let answer = stage.transport.send(&get()).await.unwrap();
    assert_eq!(&answer.body[..], b"done");
    assert_eq!(stage.pauses(), [7_000, 60_000, 20_000]);
}

#[tokio::test]
async fn an_empty_500_is_asked_once_more_and_one_with_a_message_is_final() {
    let empty = reply("500 Internal Server Error", "", "");
    let first = stage(vec![empty.clone(), empty.clone(), empty]).await;
    assert_eq!(first.transport.send(&get()).await.unwrap().status, 500);
    assert_eq!(first.requests().len(), 2);

    let told = stage(vec![reply("500 Internal Server Error", "", "why")]).await;
    assert_eq!(&told.transport.send(&get()).await.unwrap().body[..], b"why");
    assert!(told.pauses().is_empty());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_read_again_and_is_transient_in_the_end() {
    let cut = Reply::Text("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal".into());
    let reset = Reply::Reset("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal".into());
    let gone = Reply::Reset(String::new());
    let stage = stage(vec![cut.clone(), reset, gone, cut]).await;
    let error = stage.transport.send(&get()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Transient);
    let text = error.to_string();
    assert!(text.contains("failed to read the thing `a b`") && text.contains("after 4 tries"), "{text}");
    assert_eq!(stage.transport.counts().transport_failures, 4);
}

#[tokio::test]
async fn a_write_that_may_have_arrived_is_ambiguous_and_not_repeated() {
    let stage = stage(vec![Reply::Reset(String::new())]).await;
    let error = stage.transport.send(&put()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Ambiguous);
    assert!(stage.pauses().is_empty());
}

#[tokio::test]
async fn a_write_that_was_not_sent_is_repeated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let pauses = Arc::new(Recorded::default());
    let transport = transport_to(port, &pauses);
    let error = transport.send(&put()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Transient);
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(pauses.0.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
    let chunked = Reply::Text(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n".into(),
    );
    let stage = stage(vec![reply("200 OK", "", "abcdefgh"), chunked]).await;
    for _ in 0..2 {
        let error = stage.transport.send(&get().largest_answer(7)).await;
        assert_eq!(error.unwrap_err().kind, PortErrorKind::TooLarge);
    }
    assert!(stage.pauses().is_empty());
}

#[tokio::test]
async fn a_stop_ends_a_read_that_waits_for_its_answer() {
    let mut stage = stage(vec![Reply::Silence]).await;
    let stop = CancellationToken::new();
    stage.transport = stage.transport.with_stop(stop.clone());
    let transport = stage.transport.clone();
    let read = tokio::spawn(async move { transport.send(&get()).await });
    while stage.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    let error = read.await.unwrap().unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Cancelled);
}

#[tokio::test]
async fn a_stop_spares_a_write_that_was_sent_and_ends_one_that_waits_for_its_place() {
    let mut stage = stage(vec![Reply::Silence, Reply::Silence]).await;
    let stop = CancellationToken::new();
    let limits = LimitSettings::new(1, None);
    let settings = ClientSettings {
        timeouts: Timeouts { whole: Duration::from_millis(300), ..Timeouts::default() },
        ..ClientSettings::default()
    };
    let base = stage.transport.base().clone();
    let client = settings.build().unwrap();
    stage.transport =
        Transport::new(client, base, RetrySettings::none(), &limits).unwrap().with_stop(stop.clone());
    let write = || {
        let transport = stage.transport.clone();
        tokio::spawn(async move { transport.send(&put()).await })
    };
    let sent = write();
    while stage.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let waiting = write();
    tokio::task::yield_now().await;
    stop.cancel();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Cancelled);
    // Its fate is unknown once its time is over, and was never cut short.
    let error = sent.await.unwrap().unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Ambiguous);
    assert_eq!(stage.requests().len(), 1);
}

#[tokio::test]
async fn a_request_goes_below_the_base_without_referer_and_with_its_query() {
    let stage = stage(vec![reply("200 OK", "", "")]).await;
    let call = get().query("time", "10:00+02:00");
    stage.transport.send(&call).await.unwrap();
    let head = stage.requests().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get /below/things/a%20b?time=10%3a00%2b02%3a00 http/1.1"), "{head}");
    assert!(!head.contains("referer") && head.contains("accept-encoding: gzip"), "{head}");
}

#[test]
fn an_address_that_holds_a_password_is_refused_without_showing_it() {
    let client = ClientSettings::default().build().unwrap();
    let base = Url::parse("https://user:MARKER@host").unwrap();
    let limits = LimitSettings::new(1, None);
    let error = Transport::new(client, base, RetrySettings::none(), &limits).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("MARKER"));

    let proxy = ProxySettings::new("socks5://user:MARKER@host:1080", None).unwrap();
    assert_eq!(proxy.address(), "socks5h://host:1080");
    assert!(!format!("{proxy:?} {:?}", Secret::new("MARKER")).contains("MARKER"));
    assert!(ProxySettings::new("ssh+socks5://host:22", None).is_err());
}

#[test]
fn pem_is_text_if_it_says_begin_and_a_path_otherwise() {
    let home = PemSource::parse("~/ca.pem", Some("/home/me"));
    assert_eq!(home.subject(), "/home/me/ca.pem");
    let inline = PemSource::parse("-----BEGIN CERTIFICATE-----\nMARKER", None);
    assert!(!format!("{inline:?}").contains("MARKER"));
    for ca in [inline, PemSource::parse("/no/such/ca.pem", None)] {
        let settings = ClientSettings { ca: Some(ca), ..ClientSettings::default() };
        let error = settings.build().unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Local);
        assert!(error.advice.is_some() && !format!("{error:?}").contains("MARKER"));
    }
}
