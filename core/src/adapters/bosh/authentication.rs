//! Who we are: a user with a password, or a UAA client with a token that is
//! renewed before it ends, one request for it at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use serde::Deserialize;
use tokio::time::Instant;

use super::address::{DirectorAddress, uaa_url};
use super::decode::WireInfo;
use super::token::Token;
use crate::adapters::http::{
    Answer, Call, Credential, Credentials, Method, Replay, Secret, Transport, basic_authorization,
};
use crate::ports::{PortError, PortErrorKind};

/// How the Director wants to know who we are.
#[derive(Debug)]
enum Mode {
    Basic,
    /// By a token of one of these, tried in order.
    Uaa(Vec<Transport>),
}

/// What a token allows and how long it lives.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) scopes: Vec<String>,
    pub(super) lifetime: Duration,
}

/// The token in use.
#[derive(Debug, Default)]
struct Tokens {
    current: Option<Token>,
    generation: u64,
    /// A refusal of the client itself; asking again for each of a thousand
    /// deployments would lock the client out.
    refused: Option<(Instant, String)>,
}

/// How long a refusal of the client is believed.
const REFUSAL_HOLDS: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Authentication {
    client: Option<String>,
    secret: Secret,
    director: DirectorAddress,
    /// Makes requests of a UAA once it is bound to one: with limits of its own,
    /// because a Director's request waits for its answer.
    uaa: Transport,
    mode: Mutex<Option<Arc<Mode>>>,
    tokens: tokio::sync::Mutex<Tokens>,
}

impl Authentication {
    pub(super) fn new(
        client: Option<String>,
        secret: Option<Secret>,
        director: DirectorAddress,
        uaa: Transport,
    ) -> Self {
        Self {
            client,
            secret: secret.unwrap_or_else(|| Secret::new("")),
            director,
            uaa,
            mode: Mutex::default(),
            tokens: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn uaa_mut(&mut self) -> &mut Transport {
        &mut self.uaa
    }

    pub(super) fn uaa(&self) -> &Transport {
        &self.uaa
    }

    /// Takes from the Director's own words how it authenticates.
    pub(super) fn learn(&self, info: &WireInfo) -> Result<(), PortError> {
        let mode = match info.uaa() {
            None => Mode::Basic,
            Some(urls) => {
                let bind = |url: &&str| self.uaa.with_base(uaa_url(url, &self.director)?);
                let bound: Vec<Transport> = urls.iter().map(bind).collect::<Result<_, _>>()?;
                if bound.is_empty() {
                    return Err(PortError::new(
                        PortErrorKind::Malformed,
                        "find the UAA of the Director",
                        self.director.to_string(),
                        "the Director names none, and says that it needs one",
                    ));
                }
                Mode::Uaa(bound)
            }
        };
        *self.lock() = Some(Arc::new(mode));
        Ok(())
    }

    pub(super) fn is_known(&self) -> bool {
        self.lock().is_some()
    }

    pub(super) fn uaa_addresses(&self) -> Vec<String> {
        match self.lock().as_deref() {
            Some(Mode::Uaa(bound)) => bound.iter().map(|uaa| uaa.base().to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// What the client may do, where that can be known: it has a token.
    pub(super) async fn grant(&self) -> Result<Option<Grant>, PortError> {
        if self.client.is_none() || !matches!(self.mode().as_deref(), Some(Mode::Uaa(_))) {
            return Ok(None);
        }
        self.credential().await?;
        Ok(self.known_grant().await)
    }

    /// What the last token allows, without a request.
    pub(super) async fn known_grant(&self) -> Option<Grant> {
        let tokens = self.tokens.lock().await;
        tokens.current.as_ref().map(|token| Grant { scopes: token.scopes.clone(), lifetime: token.lifetime })
    }

    /// The Director refused the token of that generation. Gives whether another
    /// one may help: not with a password, which stays the same.
    pub(super) async fn reject(&self, generation: u64) -> bool {
        if !matches!(self.mode().as_deref(), Some(Mode::Uaa(_))) {
            return false;
        }
        let mut tokens = self.tokens.lock().await;
        // Somebody else may have renewed it meanwhile.
        if tokens.generation == generation {
            tokens.current = None;
        }
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Mode>>> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mode(&self) -> Option<Arc<Mode>> {
        self.lock().clone()
    }

    fn client(&self) -> Result<&str, PortError> {
        self.client.as_deref().ok_or_else(|| {
            PortError::new(
                PortErrorKind::Unauthenticated,
                "log in to the Director",
                self.director.to_string(),
                "no client is configured",
            )
            .with_advice("set `BOSH_CLIENT` and `BOSH_CLIENT_SECRET`; a client with `bosh.read` is enough")
        })
    }

    /// The token, renewed if it is time. Whoever comes meanwhile waits for it.
    async fn token(&self, uaas: &[Transport]) -> Result<(HeaderValue, u64), PortError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.current.as_ref().filter(|token| !token.is_due()) {
            return Ok((token.header.clone(), tokens.generation));
        }
        if let Some((since, reason)) = &tokens.refused
            && since.elapsed() < REFUSAL_HOLDS
        {
            return Err(refused(uaas, reason));
        }
        match self.fetch(uaas).await {
            Ok(token) => {
                let header = token.header.clone();
                tokens.generation += 1;
                tokens.current = Some(token);
                tokens.refused = None;
                Ok((header, tokens.generation))
            }
            Err(error) => {
                if error.kind == PortErrorKind::Unauthenticated {
                    tokens.refused = Some((Instant::now(), error.reason.clone()));
                }
                // Near its end it is still good while the UAA is out of reach.
                match tokens.current.as_ref().filter(|token| !token.is_over()) {
                    Some(token) if error.kind.is_retryable() => Ok((token.header.clone(), tokens.generation)),
                    _ => Err(error),
                }
            }
        }
    }

    async fn fetch(&self, uaas: &[Transport]) -> Result<Token, PortError> {
        let mut last = None;
        for uaa in uaas {
            match self.fetch_from(uaa).await {
                Err(error) if error.kind == PortErrorKind::Transient => last = Some(error),
                outcome => return outcome,
            }
        }
        Err(last.unwrap_or_else(|| refused(uaas, "the Director names no UAA")))
    }

    async fn fetch_from(&self, uaa: &Transport) -> Result<Token, PortError> {
        let operation = "get a token from the UAA";
        let address = uaa.base().to_string();
        let Some(header) = basic_authorization(self.client()?, &self.secret) else {
            return Err(refused(std::slice::from_ref(uaa), "the client's id cannot be sent"));
        };
        let call = Call::new(Method::POST, "/oauth/token", &[], operation)
            .subject(address.as_str())
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(AUTHORIZATION, header)
            .body("application/x-www-form-urlencoded", "grant_type=client_credentials")
            // One token more does no harm.
            .replay(Replay::Safe);
        let asked = Instant::now();
        let answer = uaa.send(&call).await.map_err(|error| {
            if error.advice.is_some() {
                return error;
            }
            error.with_advice(
                "the Director names this UAA; check that it can be reached from here, as the \
                 Director itself can",
            )
        })?;
        match answer.status.as_u16() {
            200 => Token::parse(&answer.body, asked),
            400 | 401 | 403 => Err(refused(std::slice::from_ref(uaa), &self.uaa_words(&answer))),
            status => Err(uaa_failure(status, operation, address)),
        }
    }

    /// What the UAA says, unless its words hold the secret.
    fn uaa_words(&self, answer: &Answer) -> String {
        #[derive(Deserialize)]
        struct UaaError {
            #[serde(default)]
            error: String,
            #[serde(default)]
            error_description: String,
        }
        let said = serde_json::from_slice::<UaaError>(&answer.body)
            .ok()
            .map(|said| format!("{}: {}", said.error, said.error_description))
            .filter(|words| words.len() <= 300 && !words.contains(self.secret.expose()));
        match said {
            Some(words) => format!("it does not accept the client ({words})"),
            None => "it does not accept the client".to_owned(),
        }
    }
}

fn refused(uaas: &[Transport], reason: &str) -> PortError {
    let subject = uaas.first().map(|uaa| uaa.base().to_string());
    PortError::new(
        PortErrorKind::Unauthenticated,
        "get a token from the UAA",
        subject.unwrap_or_default(),
        reason,
    )
    .with_advice(
        "check `BOSH_CLIENT` and `BOSH_CLIENT_SECRET`, and that the client may use \
         `client_credentials`",
    )
}

fn uaa_failure(status: u16, operation: &'static str, address: String) -> PortError {
    let (kind, reason) = match status {
        300..=399 => (
            PortErrorKind::Unsupported,
            format!("HTTP {status}: it points elsewhere, and secrets do not follow"),
        ),
        429 => (PortErrorKind::RateLimited, "HTTP 429".to_owned()),
        500..=599 => (PortErrorKind::Transient, format!("HTTP {status}")),
        _ => (PortErrorKind::Unsupported, format!("HTTP {status}")),
    };
    PortError::new(kind, operation, address, reason)
        .with_advice("check the UAA whose address the Director gives in `/info`")
}

#[async_trait]
impl Credentials for Authentication {
    async fn credential(&self) -> Result<Option<Credential>, PortError> {
        let client = self.client()?;
        let (value, generation) = match self.mode().as_deref() {
            Some(Mode::Uaa(uaas)) => self.token(uaas).await?,
            _ => match basic_authorization(client, &self.secret) {
                Some(header) => (header, 1),
                None => {
                    let reason = "the user's name cannot be sent";
                    let subject = self.director.to_string();
                    let operation = "log in to the Director";
                    return Err(PortError::new(PortErrorKind::Local, operation, subject, reason));
                }
            },
        };
        Ok(Some(Credential { name: AUTHORIZATION, value, generation }))
    }
}
