//! Requests with a token: one more try when the token was replaced, and what
//! an answer without success means.

use std::sync::Arc;

use super::errand::Errand;
use super::link::{HOST, Link, host_of};
use super::refusal::{Refusal, Refused};
use super::session::{self, Session, TokenFate};
use super::settings::VaultSettings;
use crate::adapters::http::{
    Answer, Call, CancellationToken, HeaderMap, HeaderName, HeaderValue, LimitSettings, Pause, RequestCounts,
    RequestObserver, RetrySettings, StatusCode, Transport,
};
use crate::ports::{Clock, PortError, PortErrorKind};

/// The server, as the store sees it.
#[derive(Debug)]
pub(super) struct Connection {
    link: Link,
    /// For `sys/health`, which knows no namespace.
    bare: Link,
    session: Session,
    retry: RetrySettings,
    pause: Arc<dyn Pause>,
    stop: CancellationToken,
}

/// How many tokens one request may use up. The first may have ended long ago,
/// and others may end while the requests beside this one replace them.
const TOKENS: usize = 6;

/// A login, a lookup and a renewal come one at a time.
const SESSION_LIMITS: (usize, Option<u32>) = (1, None);

impl Connection {
    pub(super) fn new(
        settings: &VaultSettings,
        clock: Arc<dyn Clock>,
        pause: Arc<dyn Pause>,
        stop: CancellationToken,
    ) -> Result<Self, PortError> {
        let (url, client) = settings.target()?;
        let client = client.build()?;
        let transport = |limits: &LimitSettings| {
            let transport = Transport::new(client.clone(), url.clone(), settings.retry, limits)?;
            Ok::<_, PortError>(transport.with_pause(pause.clone()).with_stop(stop.clone()))
        };
        let main = transport(&settings.limits)?;
        let (in_flight, per_second) = SESSION_LIMITS;
        let own = transport(&LimitSettings::new(in_flight, per_second))?;
        let bare = headers(settings, false)?;
        let full = headers(settings, true)?;
        Ok(Self {
            bare: Link::new(own.clone(), bare),
            link: Link::new(main, full.clone()),
            session: Session::new(Link::new(own, full), settings.token.clone(), clock),
            retry: settings.retry,
            pause,
            stop,
        })
    }

    /// Has somebody told of every request, those for the token included.
    pub(super) fn observe(&mut self, observer: &Arc<dyn RequestObserver>) {
        self.bare.observe(observer);
        self.link.observe(observer);
        self.session.observe(observer);
    }

    /// Makes a request with the token. A 403 is taken to the token: if another
    /// takes its place, the request is made again; a 403 that is given back
    /// comes from a policy.
    pub(super) async fn send(&self, errand: &Errand<'_>, call: Call<'_>) -> Result<Answer, PortError> {
        let call = call.credentials(&self.session);
        for _ in 0..TOKENS {
            let answer = self.link.send(errand, call.clone()).await?;
            if answer.status != StatusCode::FORBIDDEN {
                if shows_acceptance(&answer) {
                    self.session.accept(answer.generation);
                }
                return Ok(answer);
            }
            match self.session.examine(answer.generation).await? {
                TokenFate::Alive => return Ok(answer),
                TokenFate::Replaced => {}
                TokenFate::Mute => return Err(session::mute(errand, &self.session.origin())),
                TokenFate::Dead => {
                    let origin = self.session.origin();
                    return Err(errand.advise(
                        PortErrorKind::Unauthenticated,
                        format!("the token from {origin} is not valid: it has expired or was revoked"),
                        "log in again with `vault login`, or set VAULT_TOKEN to a living token; an \
                         AppRole gets new ones by itself",
                    ));
                }
            }
        }
        Err(errand.advise(
            PortErrorKind::Unauthenticated,
            format!("{TOKENS} tokens in a row ended before they could be used"),
            "look for what revokes the role's tokens, and at their time to live and number of uses",
        ))
    }

    /// Makes a request with the token; anything but 200 and 204 is an error.
    pub(super) async fn demand(&self, errand: &Errand<'_>, call: Call<'_>) -> Result<Answer, PortError> {
        let answer = self.send(errand, call).await?;
        match answer.status {
            StatusCode::OK | StatusCode::NO_CONTENT => Ok(answer),
            _ => Err(Refused::read(&answer).error(errand)),
        }
    }

    /// Makes a request without token and namespace.
    pub(super) async fn send_bare(&self, errand: &Errand<'_>, call: Call<'_>) -> Result<Answer, PortError> {
        self.bare.send(errand, call).await
    }

    /// Who we are.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// What was asked so far, logins and lookups not counted.
    pub(super) fn counts(&self) -> RequestCounts {
        self.link.counts()
    }

    /// The retries of requests.
    pub(super) fn retry(&self) -> &RetrySettings {
        &self.retry
    }

    /// Waits between two tries, unless the run is asked to stop.
    pub(super) async fn wait(&self, delay: std::time::Duration) {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            () = self.pause.pause(delay) => {}
        }
    }
}

/// Whether an answer shows that the server took the token. A rate limit, a seal
/// or a server's failure may come before it looks at one.
fn shows_acceptance(answer: &Answer) -> bool {
    answer.status.is_success()
        || matches!(
            Refused::read(answer).refusal,
            Refusal::Absent | Refusal::WrongPlace | Refusal::CasMismatch
        )
}

/// What every request has: Vault Agent refuses those that could come from a
/// browser, and a name for the certificate must not reach the server as host.
fn headers(settings: &VaultSettings, with_namespace: bool) -> Result<HeaderMap, PortError> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: &str, what: &'static str| {
        let parsed = HeaderValue::from_str(value).map_err(|_| {
            PortError::new(PortErrorKind::Local, what, value, "it holds characters that a header cannot have")
        })?;
        headers.insert(HeaderName::from_static(name), parsed);
        Ok::<_, PortError>(())
    };
    add("x-vault-request", "true", "ask Vault")?;
    if let Some(namespace) = settings.namespace.as_deref().filter(|_| with_namespace) {
        add("x-vault-namespace", namespace.trim_matches('/'), "use the namespace")?;
    }
    if settings.server_name.is_some()
        && settings.address.scheme() == "https"
        && let Some(host) = host_of(&settings.address)
    {
        headers.insert(HOST, host);
    }
    Ok(headers)
}
