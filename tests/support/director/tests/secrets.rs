//! No token, secret or password in anything that is printed, at any level.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use reconciler_core::adapters::http::ProxySettings;
use reconciler_core::ports::{Director, EventQuery, SystemClock};
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::director::Fault;

/// Everything that is logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every method once; what they give and how they fail, as text.
async fn everything(director: &BoshDirector) -> String {
    let mut said = String::new();
    let query = EventQuery::default();
    let a = name("a");
    let errors = [
        director.info().await.err(),
        director.deployments().await.err(),
        director.manifest(&a).await.err(),
        director.manifest(&name("b")).await.err(),
        director.tasks_in_flight().await.err(),
        director.events(&query).await.err(),
        director.instances(&a).await.err(),
    ];
    for error in errors.into_iter().flatten() {
        write!(said, "{error} {error:?} {:?}", error.advice).unwrap();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            write!(said, "{cause} {cause:?}").unwrap();
            source = cause.source();
        }
    }
    let found = director.examine(&SystemClock).await;
    write!(said, "{found:?} {director:?} {:?}", director.statistics()).unwrap();
    said
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let log = Log::default();
    // For the whole process and not for a thread, and with the libraries' own
    // records; another test in the process may have come first.
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(all_faults(&log));
}

async fn all_faults(log: &Log) {
    let mut said = String::new();
    let mut tokens = Vec::new();
    let faults = [
        None,
        Some(Fault::BadGateway.everywhere()),
        Some(Fault::EmptyInternalError.everywhere()),
        Some(Fault::Unauthorized.on("/deployments/:name")),
        Some(Fault::Scopes(Vec::new()).on("/deployments/:name")),
        Some(Fault::ResetBeforeHeaders.everywhere()),
        Some(Fault::ResetAfterHeaders.everywhere()),
        Some(Fault::TruncatedGzip.everywhere()),
        Some(Fault::CutList.everywhere()),
        Some(Fault::Body(r#"{"manifest":["MARKER-odd"],"access_token":"MARKER odd"}"#.into()).everywhere()),
        Some(Fault::Body(r#"[{"name":"MARKER","id":"MARKER"}]"#.into()).on("/tasks")),
        Some(Fault::Redirect("https://u:MARKER@other/?MARKER".into()).everywhere()),
        Some(
            Fault::Refusal(401, format!(r#"{{"error":"x","error_description":"{SECRET}"}}"#))
                .on("/oauth/token"),
        ),
    ];
    for fault in faults {
        let fake = FakeDirector::start(state());
        let director = client(settings(&fake));
        if let Some(fault) = fault {
            fake.inject(fault);
        }
        said += &everything(&director).await;
        tokens.extend(fake.change(|state| state.tokens_issued()));
    }
    let mut proxied = settings(&FakeDirector::start(state()));
    let proxy = ProxySettings::new("socks5://me:MARKER-proxy@127.0.0.1:9", None);
    proxied.proxy = Some(proxy.unwrap());
    write!(said, "{proxied:?}").unwrap();
    said += &everything(&client(proxied)).await;

    let text = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    said += &String::from_utf8_lossy(&text);
    assert!(
        ["/deployments/:name", "TRACE", "reqwest::connect"].iter().all(|part| said.contains(part)),
        "the log is captured"
    );
    assert!(tokens.len() > 5);
    tokens.push("MARKER".to_owned());
    // As the headers hold it.
    tokens.push("cmVhZGVyOk1BUktFUi".to_owned());
    for token in tokens {
        if let Some(at) = said.find(&token) {
            let start = said[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            panic!("`{token}` is printed: …{}", &said[start..at + token.len()]);
        }
    }
}
