//! One request: what it asks, what it may cost, and when it may be made again.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::Answer;
use crate::ports::PortError;

/// Whether a request may be made again when its fate is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// It changes nothing: any number of times. It is dropped at once when the
    /// run is asked to stop.
    Safe,
    /// It changes something: again only if it certainly was not sent. If its
    /// fate is unknown the error is `Ambiguous`. Once sent, it is not dropped
    /// when the run is asked to stop.
    OnlyUnsent,
}

/// What to make of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is what the caller has to deal with.
    Final,
    /// The request may be made again as often as the settings allow.
    Again,
    /// The request may be made again, but only once for this reason.
    Once,
}

/// The rule that fits most servers: again for 429, 502, 503 and 504; once for
/// a 500 with an empty body, which is an accident inside rather than an answer.
#[must_use]
pub fn judge_by_status(answer: &Answer) -> Verdict {
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Verdict::Again,
        StatusCode::INTERNAL_SERVER_ERROR if answer.body.is_empty() => Verdict::Once,
        _ => Verdict::Final,
    }
}

/// A header that says who we are.
#[derive(Clone)]
pub struct Credential {
    /// The header.
    pub name: HeaderName,
    /// Its value; never shown.
    pub value: HeaderValue,
    /// Counts the credentials of one source from 1, so that one that was
    /// refused can be told from the one that replaced it.
    pub generation: u64,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("name", &self.name)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// A source of credentials, asked before each try: the one that was valid when
/// the request joined the queue may not be when it leaves.
#[async_trait]
pub trait Credentials: fmt::Debug + Send + Sync {
    /// The credential to use now; `None` to go without.
    ///
    /// # Errors
    /// If there should be one and it cannot be had.
    async fn credential(&self) -> Result<Option<Credential>, PortError>;
}

/// A request to be made. Neither headers nor query nor body are shown.
#[derive(Clone)]
pub struct Call<'a> {
    pub(super) method: Method,
    pub(super) route: &'static str,
    pub(super) parameters: Vec<&'a str>,
    pub(super) target: Option<Url>,
    pub(super) operation: Cow<'static, str>,
    pub(super) subject: Cow<'a, str>,
    pub(super) query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) largest_answer: usize,
    pub(super) timeout: Option<Duration>,
    pub(super) replay: Replay,
    pub(super) judge: fn(&Answer) -> Verdict,
    pub(super) credentials: Option<&'a dyn Credentials>,
}

/// Enough for any answer that is not a list or a document.
const LARGEST_ANSWER: usize = 1024 * 1024;

impl<'a> Call<'a> {
    /// A request by method, route and the route's parameters (see
    /// [`expand_route`](super::expand_route)). The route is what counters and
    /// logs show. `operation` follows "failed to" in an error.
    #[must_use]
    pub fn new(
        method: Method,
        route: &'static str,
        parameters: &[&'a str],
        operation: impl Into<Cow<'static, str>>,
    ) -> Self {
        let replay = if method.is_safe() { Replay::Safe } else { Replay::OnlyUnsent };
        Self {
            method,
            route,
            parameters: parameters.to_vec(),
            target: None,
            operation: operation.into(),
            subject: Cow::Borrowed(""),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: None,
            largest_answer: LARGEST_ANSWER,
            timeout: None,
            replay,
            judge: judge_by_status,
            credentials: None,
        }
    }

    /// A request that reads.
    #[must_use]
    pub fn get(route: &'static str, parameters: &[&'a str], operation: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, route, parameters, operation)
    }

    /// On what it works, for errors and logs: a name, a path, never a value.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<Cow<'a, str>>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Goes to a URL that the other side named, in the place of route and
    /// query. It is refused as `Local` unless it has the origin of the
    /// transport's base.
    #[must_use]
    pub fn at(mut self, target: Url) -> Self {
        self.target = Some(target);
        self
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn query(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends a body of this media type.
    #[must_use]
    pub fn body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.body = Some(body.into());
        self
    }

    /// Says who asks.
    #[must_use]
    pub fn credentials(mut self, credentials: &'a dyn Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The largest answer that is read, in bytes after unpacking (1 MiB if
    /// nothing is said).
    #[must_use]
    pub fn largest_answer(mut self, bytes: usize) -> Self {
        self.largest_answer = bytes;
        self
    }

    /// The time for one try as a whole, in the place of the client's.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether it may be made again. Without a word, `GET` and `HEAD` are
    /// `Safe` and all else is `OnlyUnsent`.
    #[must_use]
    pub fn replay(mut self, replay: Replay) -> Self {
        self.replay = replay;
        self
    }

    /// The rule that tells which answers deserve another try, in the place of
    /// [`judge_by_status`]. It holds for writes too: an answer that says the
    /// write was not done may be asked again.
    #[must_use]
    pub fn judge(mut self, judge: fn(&Answer) -> Verdict) -> Self {
        self.judge = judge;
        self
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("route", &self.route)
            .field("subject", &self.subject)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}
