//! The token's life: it is renewed when due, replaced by a login when a renewal
//! no longer helps, and asked about itself when a request is refused.
//!
//! All of it happens just before or just after a request, under one lock, so
//! that many requests at once cause one renewal and one login.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde::de::IgnoredAny;
use tokio::sync::Mutex;

use super::errand::Errand;
use super::lease::Lease;
use super::link::Link;
use super::login::Logins;
use super::refusal::{Refused, judge_read};
use super::settings::{AppRole, TokenSource};
use super::wire::{self, TokenAnswer};
use crate::adapters::http::{
    Call, Credential, Credentials, HeaderName, HeaderValue, Method, Replay, RequestObserver, Secret,
    StatusCode,
};
use crate::ports::{Clock, PortError, PortErrorKind};

/// The header of the token.
const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");

/// What became of a token whose request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFate {
    /// It is valid: the policies are the reason.
    Alive,
    /// Another has taken its place: the request may be made again.
    Replaced,
    /// It is not accepted any more and there is no other.
    Dead,
    /// It was accepted once and may not ask about itself, as without the policy
    /// `default`: policies are the reason, or its end. Nobody can tell.
    Mute,
}

/// The error about a token that is mute.
pub(super) fn mute(errand: &Errand<'_>, origin: &str) -> PortError {
    errand.advise(
        PortErrorKind::Denied,
        format!(
            "the token from {origin} is denied this by its policies, or has ended; it may not ask \
             about itself"
        ),
        "add the path to the token's policy (`reconciler doctor` prints the smallest one), and the \
         policy `default`, so that the two can be told apart; if it has ended, log in again",
    )
}

/// Who we are to the server.
#[derive(Debug)]
pub(super) struct Session {
    /// Has its own limits: a login must not wait for the place of the request
    /// that waits for it.
    link: Link,
    source: TokenSource,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// The newest generation that the server has accepted. Not in the state:
    /// an answer must not wait for a login.
    accepted: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    generation: u64,
    logins: Logins,
    /// Whether a token of ours ever answered about itself. Those that follow
    /// have the same policies: where it is refused, they have ended.
    may_ask: bool,
}

#[derive(Debug)]
struct Held {
    token: Secret,
    lease: Lease,
    /// Whether it took the place of one that was perhaps only denied: another
    /// login would help no more than the one before.
    is_second: bool,
}

impl State {
    fn hold(&mut self, token: Secret, lease: Lease) {
        self.generation += 1;
        self.held = Some(Held { token, lease, is_second: false });
    }

    fn set_lease(&mut self, lease: Lease) {
        if let Some(held) = &mut self.held {
            held.lease = lease;
        }
    }
}

impl Session {
    pub(super) fn new(link: Link, source: TokenSource, clock: Arc<dyn Clock>) -> Self {
        Self { link, source, clock, state: Mutex::default(), accepted: AtomicU64::default() }
    }

    /// Has somebody told of every request.
    pub(super) fn observe(&mut self, observer: &Arc<dyn RequestObserver>) {
        self.link.observe(observer);
    }

    /// Finds out why a request with a token of this generation was refused with
    /// 403, and gets another token if that helps.
    pub(super) async fn examine(&self, generation: u64) -> Result<TokenFate, PortError> {
        let mut state = self.state.lock().await;
        if state.generation != generation {
            return Ok(TokenFate::Replaced);
        }
        let Some(held) = &state.held else {
            return Ok(TokenFate::Replaced);
        };
        let is_second = held.is_second;
        if self.look_up(&held.token).await?.is_some() {
            state.may_ask = true;
            return Ok(TokenFate::Alive);
        }
        let TokenSource::AppRole(role) = &self.source else {
            return Ok(self.silence(&state));
        };
        if is_second && !state.may_ask {
            return Ok(TokenFate::Mute);
        }
        self.replace(&mut state, role).await?;
        if !state.may_ask
            && let Some(held) = &mut state.held
        {
            // A fresh token lives for certain: only it can tell what a refusal
            // to answer about itself means.
            let answers = self.look_up(&held.token).await?.is_some();
            held.is_second = !answers;
            state.may_ask = answers;
        }
        Ok(TokenFate::Replaced)
    }

    /// The server has accepted a token of this generation.
    pub(super) fn accept(&self, generation: u64) {
        self.accepted.fetch_max(generation, Ordering::Relaxed);
    }

    /// What it means that the token in hand was refused an answer about itself.
    fn silence(&self, state: &State) -> TokenFate {
        let is_issued = matches!(self.source, TokenSource::AppRole(_));
        let is_accepted = is_issued || self.accepted.load(Ordering::Relaxed) >= state.generation;
        if is_accepted && !state.may_ask { TokenFate::Mute } else { TokenFate::Dead }
    }

    /// The token about itself; if it is refused, what that means.
    pub(super) async fn describe(&self) -> Result<Result<TokenAnswer, TokenFate>, PortError> {
        let mut state = self.state.lock().await;
        self.prepare(&mut state).await?;
        let Some(held) = &state.held else {
            return Ok(Err(TokenFate::Dead));
        };
        let answer = self.look_up(&held.token).await?;
        state.may_ask |= answer.is_some();
        Ok(answer.ok_or_else(|| self.silence(&state)))
    }

    /// Where the token comes from, for people.
    pub(super) fn origin(&self) -> String {
        match &self.source {
            TokenSource::Absent => "nowhere".to_owned(),
            TokenSource::Given { origin, .. } => origin.clone(),
            TokenSource::AppRole(role) => format!("auth/{}", role.mount),
        }
    }

    /// Makes sure that there is a token with some life left.
    async fn prepare(&self, state: &mut State) -> Result<(), PortError> {
        let Some(held) = &state.held else {
            return self.begin(state).await;
        };
        if held.lease.is_due(self.clock.now()) {
            self.prolong(state).await?;
        }
        Ok(())
    }

    /// Gets the first token.
    async fn begin(&self, state: &mut State) -> Result<(), PortError> {
        match &self.source {
            TokenSource::Absent => Err(PortError::new(
                PortErrorKind::Unauthenticated,
                "find a Vault token",
                "",
                "neither a token nor an AppRole is configured",
            )
            .with_advice(
                "set VAULT_TOKEN, log in with `vault login`, or configure the role and secret \
                 id of an AppRole",
            )),
            TokenSource::Given { token, .. } => {
                let now = self.clock.now();
                // A token without the policy `default` may not ask about
                // itself. Whether it is any good, the first request will show.
                let about = self.look_up(token).await?;
                state.may_ask = about.is_some();
                let lease = match about {
                    Some(about) if about.expire_time.is_none() && about.ttl == 0 => Lease::Endless,
                    Some(about) => Lease::granted(now, about.ttl, about.renewable.unwrap_or_default()),
                    None => Lease::Unknown,
                };
                state.hold(token.clone(), lease);
                Ok(())
            }
            TokenSource::AppRole(role) => self.replace(state, role).await,
        }
    }

    /// Renews the token, or replaces it where that no longer reaches further.
    async fn prolong(&self, state: &mut State) -> Result<(), PortError> {
        let now = self.clock.now();
        let Some(held) = &mut state.held else {
            return Ok(());
        };
        let mut failure = None;
        if held.lease.is_renewable() && !held.lease.is_over(now) {
            match self.renew(&held.token).await {
                Ok(lease) if lease.outlasts(&held.lease) => {
                    held.lease = lease;
                    return Ok(());
                }
                // The maximum is near.
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        }
        let lease = held.lease;
        match &self.source {
            TokenSource::AppRole(role) => match self.replace(state, role).await {
                Err(error) if !lease.is_over(now) => {
                    tracing::warn!(%error, "a new Vault token could not be had yet");
                    state.set_lease(lease.postponed(now));
                    Ok(())
                }
                outcome => outcome,
            },
            _ => {
                let lease = match &failure {
                    Some(error) if error.kind.is_retryable() && !lease.is_over(now) => lease.postponed(now),
                    _ => lease.final_one(),
                };
                if let Some(error) = failure {
                    tracing::warn!(%error, "the Vault token could not be renewed");
                } else if let Lease::Until { expires, .. } = lease {
                    tracing::warn!(%expires, "the Vault token cannot be renewed further");
                }
                state.set_lease(lease);
                Ok(())
            }
        }
    }

    async fn renew(&self, token: &Secret) -> Result<Lease, PortError> {
        let origin = self.origin();
        let errand = Errand::new("renew the Vault token", &origin);
        let now = self.clock.now();
        let call = call(&errand, Method::POST, "/v1/auth/token/renew-self", &[])
            .header(TOKEN, header(token, &origin)?)
            .body("application/json", "{}");
        let answer = self.link.send(&errand, call).await?;
        if answer.status != StatusCode::OK {
            return Err(Refused::read(&answer).error(&errand));
        }
        let auth = wire::read::<IgnoredAny>(&errand, &answer)?.auth;
        let auth = auth.ok_or_else(|| wire::malformed(&errand, "it holds no lease".to_owned()))?;
        Ok(Lease::granted(now, auth.lease_duration, auth.renewable))
    }

    /// Logs in and holds the new token.
    async fn replace(&self, state: &mut State, role: &AppRole) -> Result<(), PortError> {
        let (token, lease) = state.logins.make(&self.link, self.clock.now(), role).await?;
        state.hold(token, lease);
        Ok(())
    }

    /// Asks a token about itself; `None` if it is refused.
    async fn look_up(&self, token: &Secret) -> Result<Option<TokenAnswer>, PortError> {
        let origin = self.origin();
        let errand = Errand::new("look up the Vault token", &origin);
        let call = call(&errand, Method::GET, "/v1/auth/token/lookup-self", &[])
            .header(TOKEN, header(token, &origin)?);
        let answer = self.link.send(&errand, call).await?;
        match answer.status {
            StatusCode::OK => wire::data(&errand, &answer).map(Some),
            StatusCode::FORBIDDEN => Ok(None),
            _ => Err(Refused::read(&answer).error(&errand)),
        }
    }
}

#[async_trait]
impl Credentials for Session {
    async fn credential(&self) -> Result<Option<Credential>, PortError> {
        let mut state = self.state.lock().await;
        self.prepare(&mut state).await?;
        let Some(held) = &state.held else {
            return Ok(None);
        };
        Ok(Some(Credential {
            name: TOKEN,
            value: header(&held.token, &self.origin())?,
            generation: state.generation,
        }))
    }
}

/// To look up, to renew and to log in once more does no harm.
pub(super) fn call<'c>(
    errand: &Errand<'c>,
    method: Method,
    route: &'static str,
    parameters: &[&'c str],
) -> Call<'c> {
    let call = errand.call(method, route, parameters);
    call.replay(Replay::Safe).judge(judge_read)
}

/// The token as a header. A line break at the end of a file is the usual
/// reason why it cannot be one.
fn header(token: &Secret, origin: &str) -> Result<HeaderValue, PortError> {
    let text = token.expose();
    let is_printable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let value = is_printable.then(|| HeaderValue::from_str(text).ok()).flatten();
    let mut value = value.ok_or_else(|| {
        PortError::new(
            PortErrorKind::Local,
            "use the Vault token",
            origin,
            "it holds characters that a token cannot have",
        )
        .with_advice("look for blanks and line breaks around it")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
