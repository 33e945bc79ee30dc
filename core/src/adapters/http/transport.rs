//! Makes requests of one server: limits, tries, delays, counts, stop.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Answer;
use super::body::{BodyFailure, read_body};
use super::call::{Call, Replay, Verdict};
use super::failure::Failure;
use super::limits::{LimitSettings, Limits};
use super::observer::{Observation, Observed, RequestObserver};
use super::retry::{Pause, RetrySettings, TokioPause};
use super::route::expand_route;
use super::statistics::{Counting, RequestCounts};
use crate::ports::{PortError, PortErrorKind};

/// Makes requests below one base URL. A clone shares limits, counts and
/// connections.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    base: Url,
    retry: RetrySettings,
    limits: Arc<Limits>,
    counting: Arc<Counting>,
    observed: Option<Observed>,
    pause: Arc<dyn Pause>,
    stop: CancellationToken,
}

impl Transport {
    /// Makes requests below `base` (scheme, host, port, and a path in front of
    /// all routes).
    ///
    /// # Errors
    /// `Local` if `base` is not an `http` or `https` URL, or if it holds a user
    /// or a password: those belong in their own settings, not in an address
    /// that is shown.
    pub fn new(
        client: reqwest::Client,
        base: Url,
        retry: RetrySettings,
        limits: &LimitSettings,
    ) -> Result<Self, PortError> {
        Ok(Self {
            client,
            base: checked(base)?,
            retry,
            limits: Arc::new(Limits::new(limits)),
            counting: Arc::default(),
            observed: None,
            pause: Arc::new(TokioPause),
            stop: CancellationToken::new(),
        })
    }

    /// Ends what is under way when the token is cancelled.
    #[must_use]
    pub fn with_stop(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }

    /// Waits between tries in another way.
    #[must_use]
    pub fn with_pause(mut self, pause: Arc<dyn Pause>) -> Self {
        self.pause = pause;
        self
    }

    /// Has somebody told of every try; `peer` is what they call the server.
    #[must_use]
    pub fn with_observer(mut self, peer: &'static str, observer: Arc<dyn RequestObserver>) -> Self {
        self.observed = Some(Observed { peer, observer });
        self
    }

    /// The same limits, counts and connections for another base URL. Whoever
    /// calls this decides that credentials may go there.
    ///
    /// # Errors
    /// As `new`.
    pub fn with_base(&self, base: Url) -> Result<Self, PortError> {
        Ok(Self { base: checked(base)?, ..self.clone() })
    }

    /// Where requests go.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Whether a URL has the scheme, host and port of the base.
    #[must_use]
    pub fn is_same_origin(&self, url: &Url) -> bool {
        self.base.origin() == url.origin()
    }

    /// What was asked so far.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.counting.counts()
    }

    /// Makes a request, again where that may help, and gives the last answer,
    /// whatever its status.
    ///
    /// # Errors
    /// If there is no answer: `Transient` after the last try; `Local` for TLS
    /// and for parameters that cannot stand in a path; `TooLarge`; `Cancelled`;
    /// `Ambiguous` for a request that changes something and may have arrived;
    /// and what the credentials say.
    pub async fn send(&self, call: &Call<'_>) -> Result<Answer, PortError> {
        let url = self.url(call)?;
        if call.replay == Replay::Safe {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => Err(cancelled(call)),
                outcome = self.tries(call, &url) => outcome,
            }
        } else {
            self.tries(call, &url).await
        }
    }

    async fn tries(&self, call: &Call<'_>, url: &Url) -> Result<Answer, PortError> {
        let mut delays = self.retry.delays();
        let mut once = true;
        let mut attempt = 0;
        loop {
            attempt += 1;
            if self.stop.is_cancelled() {
                return Err(cancelled(call));
            }
            let outcome = self.attempt(call, url, attempt).await?;
            let may_repeat = match &outcome {
                Ok(answer) => match (call.judge)(answer) {
                    Verdict::Final => false,
                    Verdict::Again => true,
                    Verdict::Once => std::mem::take(&mut once),
                },
                Err(failure) => {
                    failure.kind.is_retryable() && (call.replay == Replay::Safe || failure.unsent)
                }
            };
            let delay = if may_repeat { delays.next() } else { None };
            let Some(delay) = delay else {
                return outcome.map_err(|failure| error(call, failure, attempt));
            };
            let asked = outcome.ok().and_then(|answer| answer.retry_after());
            self.wait(asked.map_or(delay, |asked| asked.min(self.retry.longest_retry_after).max(delay)))
                .await;
        }
    }

    /// A write that waits between two tries ends when the run does.
    async fn wait(&self, delay: Duration) {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            () = self.pause.pause(delay) => {}
        }
    }

    /// One try. The outer error is of the credentials, or the wish to stop: no
    /// try was made.
    async fn attempt(
        &self,
        call: &Call<'_>,
        url: &Url,
        attempt: usize,
    ) -> Result<Result<Answer, Failure>, PortError> {
        // What waits for its place was not sent, whatever it would change.
        let _place = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(cancelled(call)),
            place = self.limits.enter() => place,
        };
        let mut request = self.client.request(call.method.clone(), url.clone()).headers(call.headers.clone());
        let mut generation = 0;
        if let Some(credentials) = call.credentials
            && let Some(credential) = credentials.credential().await?
        {
            generation = credential.generation;
            let mut value: HeaderValue = credential.value;
            value.set_sensitive(true);
            request = request.header(credential.name, value);
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        if let Some(timeout) = call.timeout {
            request = request.timeout(timeout);
        }
        let in_flight = self.counting.begin(call.route, attempt > 1);
        let start = Instant::now();
        let outcome = exchange(request, call.largest_answer, generation, start).await;
        drop(in_flight);
        let took = start.elapsed();
        if let Some(Observed { peer, observer }) = &self.observed {
            observer.observe(&Observation {
                peer,
                method: method_name(&call.method),
                route: call.route,
                status: outcome.as_ref().ok().map(|answer| answer.status.as_u16()),
                is_retry: attempt > 1,
                took,
            });
        }
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(answer) => tracing::debug!(
                method = %call.method,
                route = call.route,
                subject = %call.subject,
                status = answer.status.as_u16(),
                bytes = answer.body.len(),
                duration_ms,
                attempt,
                "request"
            ),
            Err(failure) => {
                self.counting.transport_failed();
                tracing::debug!(
                    method = %call.method,
                    route = call.route,
                    subject = %call.subject,
                    failure = failure.kind.code(),
                    reason = %failure.reason,
                    duration_ms,
                    attempt,
                    "request without an answer"
                );
            }
        }
        Ok(outcome)
    }

    fn url(&self, call: &Call<'_>) -> Result<Url, PortError> {
        let refuse = |reason: String| {
            let operation = call.operation.clone();
            PortError::new(PortErrorKind::Local, operation, call.subject.clone(), reason)
        };
        if let Some(target) = &call.target {
            return if self.is_same_origin(target) {
                Ok(target.clone())
            } else {
                Err(refuse("it would leave the server it belongs to".to_owned()))
            };
        }
        let path = expand_route(call.route, &call.parameters).map_err(|e| refuse(e.to_string()))?;
        let mut url = self.base.clone();
        let below = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{below}{path}"));
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }
}

/// The client is left out: its proxy may hold a password.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base.as_str())
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

async fn exchange(
    request: reqwest::RequestBuilder,
    largest: usize,
    generation: u64,
    start: Instant,
) -> Result<Answer, Failure> {
    let mut response = request.send().await.map_err(Failure::from_client)?;
    let body = read_body(&mut response, largest).await.map_err(|failure| match failure {
        BodyFailure::Broken(error) => Failure::from_client(error),
        BodyFailure::TooLarge => Failure::too_large(largest),
    })?;
    let peer_certificate = response
        .extensions()
        .get::<reqwest::tls::TlsInfo>()
        .and_then(|info| info.peer_certificate().map(<[u8]>::to_vec));
    Ok(Answer {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body,
        generation,
        peer_certificate,
        took: start.elapsed(),
    })
}

/// The name of a method, of those there are: a label has no other values.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "LIST" => "LIST",
        _ => "other",
    }
}

fn checked(mut base: Url) -> Result<Url, PortError> {
    let refuse = |subject: String, reason: &str| {
        Err(PortError::new(PortErrorKind::Local, "use the address", subject, reason)
            .with_advice("write it as `https://host:port`"))
    };
    if !base.username().is_empty() || base.password().is_some() {
        let host = base.host_str().unwrap_or_default().to_owned();
        return refuse(host, "it holds a user or a password");
    }
    if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
        return refuse(base.to_string(), "it is not an `http` or `https` URL");
    }
    base.set_query(None);
    base.set_fragment(None);
    Ok(base)
}

fn cancelled(call: &Call<'_>) -> PortError {
    PortError::new(
        PortErrorKind::Cancelled,
        call.operation.clone(),
        call.subject.clone(),
        "the run was asked to stop",
    )
}

fn error(call: &Call<'_>, failure: Failure, attempts: usize) -> PortError {
    let is_unknown = call.replay == Replay::OnlyUnsent && !failure.unsent;
    let kind = if is_unknown && failure.kind != PortErrorKind::Local {
        PortErrorKind::Ambiguous
    } else {
        failure.kind
    };
    let reason =
        if attempts > 1 { format!("{} (after {attempts} tries)", failure.reason) } else { failure.reason };
    let mut error = PortError::new(kind, call.operation.clone(), call.subject.clone(), reason);
    if let Some(advice) = failure.advice {
        error = error.with_advice(advice);
    }
    match failure.source {
        Some(source) => error.with_source(source),
        None => error,
    }
}
