//! The Director itself: which requests answer which question.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use reqwest::header::{ACCEPT, HeaderValue};
use url::Url;

use super::authentication::Authentication;
use super::decode::{self, WireInfo};
use super::examination::Examination;
use super::refusal::{is_deployment_gone, is_scope_missing, refusal, unreached};
use super::{BodyLimits, BoshSettings};
use crate::adapters::http::{
    Answer, Call, CancellationToken, LimitSettings, Pause, RequestCounts, RequestObserver, StatusCode,
    Transport, not_after,
};
use crate::model::{DeploymentName, DeploymentSummary};
use crate::ports::{
    Clock, Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
    PortError, PortErrorKind, Reach, SystemClock,
};

/// A Director over HTTP. Requests share one client, its connections and its
/// limits.
#[derive(Debug)]
pub struct BoshDirector {
    address: String,
    bodies: BodyLimits,
    whole: Duration,
    transport: Transport,
    authentication: Authentication,
    /// Held while it is found out how the Director authenticates.
    discovery: tokio::sync::Mutex<()>,
}

/// How many redirects are followed within the Director.
const REDIRECTS: usize = 3;
/// The time for one answer that is no list.
const SHORT: Duration = Duration::from_secs(60);
/// More tasks in flight than this cannot be told from a cut list.
const TASKS: usize = 1000;

impl BoshDirector {
    /// Prepares the client. Nothing is asked yet.
    ///
    /// # Errors
    /// `Local` if the certificates or the proxy cannot be used.
    pub fn new(settings: BoshSettings) -> Result<Self, PortError> {
        let client = settings.client_settings().build()?;
        let base = settings.address.url().clone();
        let transport = Transport::new(client.clone(), base.clone(), settings.retry, &settings.limits)?;
        let one_at_a_time = LimitSettings::new(1, settings.limits.per_second.map(u32::from));
        let uaa = Transport::new(client, base, settings.retry, &one_at_a_time)?;
        Ok(Self {
            address: settings.address.to_string(),
            bodies: settings.bodies,
            whole: settings.timeouts.whole,
            transport,
            authentication: Authentication::new(
                settings.client,
                settings.client_secret,
                settings.address,
                uaa,
            ),
            discovery: tokio::sync::Mutex::default(),
        })
    }

    /// Ends what is under way when the token is cancelled.
    #[must_use]
    pub fn with_stop(mut self, stop: &CancellationToken) -> Self {
        self.transport = self.transport.with_stop(stop.clone());
        let uaa = self.authentication.uaa_mut();
        *uaa = uaa.clone().with_stop(stop.clone());
        self
    }

    /// Waits between tries in another way.
    #[must_use]
    pub fn with_pause(mut self, pause: &Arc<dyn Pause>) -> Self {
        self.transport = self.transport.with_pause(Arc::clone(pause));
        let uaa = self.authentication.uaa_mut();
        *uaa = uaa.clone().with_pause(Arc::clone(pause));
        self
    }

    /// Has somebody told of every request of the Director and of its UAA.
    #[must_use]
    pub fn with_observer(mut self, observer: &Arc<dyn RequestObserver>) -> Self {
        self.transport = self.transport.with_observer("director", Arc::clone(observer));
        let uaa = self.authentication.uaa_mut();
        *uaa = uaa.clone().with_observer("uaa", Arc::clone(observer));
        self
    }

    /// What was asked so far, of the Director and of its UAA (`/oauth/token`).
    #[must_use]
    pub fn statistics(&self) -> RequestCounts {
        self.transport.counts().and(&self.authentication.uaa().counts())
    }

    /// Looks at the Director and at what the credentials are good for there.
    /// At most two requests, and one of the UAA.
    ///
    /// # Errors
    /// If the Director cannot be reached or understood. That the credentials
    /// are refused is part of the result.
    pub async fn examine(&self, clock: &dyn Clock) -> Result<Examination, PortError> {
        let (wire, answer) = self.greet(false).await?;
        let clock_ahead = clock_ahead(&answer, clock);
        let (user, login) = match self.greet(true).await {
            Ok((wire, _)) if wire.user.is_some() => (wire.user, Ok(())),
            Ok(_) => (None, Err(self.not_accepted())),
            Err(error) => (None, Err(error)),
        };
        let grant = self.authentication.known_grant().await;
        let reach = grant.as_ref().map(|grant| Reach::of(&grant.scopes, &wire.uuid));
        let token_lifetime = grant.as_ref().map(|grant| grant.lifetime);
        Ok(Examination {
            info: info(wire, grant.map(|grant| grant.scopes), clock_ahead),
            user,
            uaa: self.authentication.uaa_addresses(),
            certificate_end: answer.peer_certificate.as_deref().and_then(not_after),
            token_lifetime,
            login,
            reach,
        })
    }

    fn not_accepted(&self) -> PortError {
        PortError::new(
            PortErrorKind::Unauthenticated,
            "log in to the Director",
            self.address.clone(),
            "the Director does not accept the credentials",
        )
        .with_advice("check `BOSH_CLIENT` and `BOSH_CLIENT_SECRET`")
    }

    /// `/info`, with or without saying who we are. Without is the way to learn
    /// how to say it.
    async fn greet(&self, with_credentials: bool) -> Result<(WireInfo, Answer), PortError> {
        const OPERATION: &str = "read what the Director says about itself";
        let call = Call::get("/info", &[], OPERATION).timeout(self.short());
        let call = if with_credentials { call.credentials(&self.authentication) } else { call };
        let answer = self.ask(call, OPERATION, &self.address).await?;
        if !answer.status.is_success() {
            return Err(refusal(&answer, OPERATION, &self.address, None));
        }
        let wire: WireInfo = decode::decode(&answer.body, OPERATION, &self.address)?;
        if wire.uuid.is_empty() {
            let reason = "it gives no UUID";
            return Err(PortError::new(PortErrorKind::Malformed, OPERATION, &self.address, reason));
        }
        self.authentication.learn(&wire)?;
        Ok((wire, answer))
    }

    /// Finds out how the Director authenticates, once.
    async fn discover(&self) -> Result<(), PortError> {
        if self.authentication.is_known() {
            return Ok(());
        }
        let _one = self.discovery.lock().await;
        if !self.authentication.is_known() {
            self.greet(false).await?;
        }
        Ok(())
    }

    /// A request in our name that has to succeed.
    async fn read(
        &self,
        call: Call<'_>,
        operation: &'static str,
        subject: &str,
    ) -> Result<Answer, PortError> {
        let answer = self.read_any(call, operation, subject).await?;
        if answer.status == StatusCode::OK {
            return Ok(answer);
        }
        Err(self.refused(&answer, operation, subject).await)
    }

    async fn refused(&self, answer: &Answer, operation: &'static str, subject: &str) -> PortError {
        let grant = self.authentication.known_grant().await;
        let scopes = grant.as_ref().map(|grant| grant.scopes.as_slice());
        refusal(answer, operation, subject, scopes)
    }

    /// A request in our name; another token if the one in use is refused, once.
    async fn read_any(
        &self,
        call: Call<'_>,
        operation: &'static str,
        subject: &str,
    ) -> Result<Answer, PortError> {
        self.discover().await?;
        let call = call
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .credentials(&self.authentication);
        let answer = self.ask(call.clone(), operation, subject).await?;
        let is_refused = answer.status == StatusCode::UNAUTHORIZED && !is_scope_missing(&answer);
        if is_refused && self.authentication.reject(answer.generation).await {
            return self.ask(call, operation, subject).await;
        }
        Ok(answer)
    }

    /// A request whose redirects are followed as long as they stay within the
    /// Director.
    async fn ask(
        &self,
        mut call: Call<'_>,
        operation: &'static str,
        subject: &str,
    ) -> Result<Answer, PortError> {
        call = call.subject(subject.to_owned());
        for _ in 0..=REDIRECTS {
            let sent = self.transport.send(&call).await;
            let answer = sent.map_err(|error| unreached(error, operation, &self.address))?;
            if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let target = answer.location().and_then(|location| self.transport.base().join(location).ok());
            match target {
                Some(target) if self.transport.is_same_origin(&target) => call = call.at(target),
                target => return Err(astray(target, operation, subject)),
            }
        }
        let reason = "the Director redirects in a circle";
        Err(PortError::new(PortErrorKind::Unsupported, operation, subject, reason)
            .with_advice("check what stands in front of the Director"))
    }

    fn short(&self) -> Duration {
        self.whole.min(SHORT)
    }
}

fn astray(target: Option<Url>, operation: &'static str, subject: &str) -> PortError {
    let to = target.map_or_else(
        || "nowhere".to_owned(),
        |url| format!("another origin, {}", url.origin().ascii_serialization()),
    );
    let reason = format!("the answer redirects to {to}; the credentials do not follow");
    PortError::new(PortErrorKind::Unsupported, operation, subject, reason)
        .with_advice("use the Director's own address; if it moved, configure the new one")
}

/// How far the clock of who answered is ahead of ours.
fn clock_ahead(answer: &Answer, clock: &dyn Clock) -> Option<TimeDelta> {
    answer.date().map(|date| date - clock.now())
}

fn info(wire: WireInfo, scopes: Option<Vec<String>>, clock_ahead: Option<TimeDelta>) -> DirectorInfo {
    let authentication = if wire.uaa().is_some() { "uaa" } else { "basic" };
    DirectorInfo {
        name: wire.name,
        uuid: wire.uuid,
        version: wire.version.0,
        authentication: authentication.to_owned(),
        scopes,
        clock_ahead,
    }
}

#[async_trait]
impl Director for BoshDirector {
    async fn info(&self) -> Result<DirectorInfo, PortError> {
        let (wire, answer) = self.greet(false).await?;
        let clock_ahead = clock_ahead(&answer, &SystemClock);
        let grant = self.authentication.grant().await?;
        Ok(info(wire, grant.map(|grant| grant.scopes), clock_ahead))
    }

    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError> {
        let operation = "read the list of deployments";
        // Without this the Director sends every cloud config it ever had.
        let call = Call::get("/deployments", &[], operation)
            .query("exclude_configs", "true")
            .largest_answer(self.bodies.list);
        let answer = self.read(call, operation, "").await?;
        decode::deployments(&answer.body)
    }

    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError> {
        let operation = "read the manifest of";
        let name = name.as_str();
        // As JSON a text grows: quotes and line ends take two bytes.
        let call = Call::get("/deployments/:name", &[name], operation)
            .largest_answer(self.bodies.manifest.saturating_mul(2).saturating_add(1024))
            .timeout(self.short());
        let answer = self.read_any(call, operation, name).await?;
        if is_deployment_gone(&answer) {
            return Ok(ManifestAnswer::Gone);
        }
        if answer.status != StatusCode::OK {
            return Err(self.refused(&answer, operation, name).await);
        }
        let Some(text) = decode::manifest(&answer.body, name)? else {
            return Ok(ManifestAnswer::Null);
        };
        if text.len() > self.bodies.manifest {
            let reason = format!("it has {} bytes, the limit is {}", text.len(), self.bodies.manifest);
            return Err(PortError::new(PortErrorKind::TooLarge, operation, name, reason));
        }
        Ok(ManifestAnswer::Found(Arc::from(text.into_bytes())))
    }

    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError> {
        let operation = "read the tasks in flight";
        // Without a limit the Director may send thousands with all their output.
        let call = Call::get("/tasks", &[], operation)
            .query("state", "queued,processing,cancelling")
            .query("limit", TASKS.to_string())
            .largest_answer(self.bodies.list);
        let answer = self.read(call, operation, "").await?;
        let tasks = decode::tasks(&answer.body)?;
        if tasks.len() >= TASKS {
            let reason = format!("there are {TASKS} or more, so the list may be cut");
            return Err(PortError::new(PortErrorKind::TooLarge, operation, "", reason)
                .with_advice("wait until the Director has less to do"));
        }
        Ok(tasks)
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError> {
        let operation = "read the events";
        let mut call = Call::get("/events", &[], operation).largest_answer(self.bodies.list);
        if let Some(deployment) = &query.deployment {
            call = call.query("deployment", deployment.as_str());
        }
        if let Some(object_type) = &query.object_type {
            call = call.query("object_type", object_type.as_str());
        }
        if let Some(before) = query.before_id {
            // Beyond this the Director's database answers with an accident.
            let before = before.min(i64::MAX.unsigned_abs());
            call = call.query("before_id", before.to_string());
        }
        let answer = self.read(call, operation, "").await?;
        decode::events(&answer.body)
    }

    async fn instances(&self, name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError> {
        let operation = "read the instances of";
        let name = name.as_str();
        let call =
            Call::get("/deployments/:name/instances", &[name], operation).largest_answer(self.bodies.list);
        let answer = self.read(call, operation, name).await?;
        decode::instances(&answer.body, name)
    }

    fn address(&self) -> String {
        self.address.clone()
    }
}
