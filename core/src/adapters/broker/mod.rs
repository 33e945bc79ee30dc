//! The catalog from a service broker, over the Open Service Broker API.
//!
//! [`BrokerCatalog`] implements [`CatalogSource`]
//! with one request, `GET /v2/catalog`. The broker's plan ids are taken as they
//! are: they already begin with the service's id.

mod wire;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::adapters::http::{
    Answer, Call, CancellationToken, ClientSettings, Credential, Credentials, LimitSettings, Pause,
    RequestCounts, RequestObserver, RetrySettings, Secret, Transport, Url, basic_authorization,
};
use crate::model::Catalog;
use crate::ports::{CatalogSource, PortError, PortErrorKind};

/// How a broker is reached and who we are there.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Its URL; `/v2/catalog` is added. Blacksmith listens on port 3000.
    pub url: Url,
    /// The user of basic authentication.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The version of the API to ask for.
    pub api_version: String,
    /// Certificates, proxy and time limits.
    pub client: ClientSettings,
    /// How often and how soon a request is made again.
    pub retry: RetrySettings,
}

impl BrokerSettings {
    /// The usual settings for a broker.
    #[must_use]
    pub fn new(url: Url, username: impl Into<String>, password: Secret) -> Self {
        Self {
            url,
            username: username.into(),
            password,
            api_version: "2.17".to_owned(),
            client: ClientSettings::default(),
            retry: RetrySettings::default(),
        }
    }
}

/// A broker as a source of its catalog.
#[derive(Debug)]
pub struct BrokerCatalog {
    transport: Transport,
    user: BasicUser,
    version: HeaderValue,
}

const OPERATION: &str = "read the catalog of the broker";
/// A catalog is a few hundred kilobytes at most.
const LARGEST: usize = 16 * 1024 * 1024;

impl BrokerCatalog {
    /// Prepares the client. Nothing is asked yet.
    ///
    /// # Errors
    /// `Local` if the address, the credentials or the certificates cannot be
    /// used.
    pub fn new(settings: &BrokerSettings) -> Result<Self, PortError> {
        let limits = LimitSettings::new(1, None);
        let client = settings.client.build()?;
        let transport = Transport::new(client, settings.url.clone(), settings.retry, &limits)?;
        let refuse = |what: &str| {
            let subject = settings.url.to_string();
            PortError::new(PortErrorKind::Local, OPERATION, subject, format!("{what} cannot be sent"))
        };
        let version =
            HeaderValue::from_str(&settings.api_version).map_err(|_| refuse("the version of the API"))?;
        Ok(Self { transport, user: BasicUser::new(settings).ok_or_else(|| refuse("the user"))?, version })
    }

    /// Ends what is under way when the token is cancelled.
    #[must_use]
    pub fn with_stop(mut self, stop: &CancellationToken) -> Self {
        self.transport = self.transport.with_stop(stop.clone());
        self
    }

    /// Waits between tries in another way.
    #[must_use]
    pub fn with_pause(mut self, pause: &Arc<dyn Pause>) -> Self {
        self.transport = self.transport.with_pause(Arc::clone(pause));
        self
    }

    /// Has somebody told of every request.
    #[must_use]
    pub fn with_observer(mut self, observer: &Arc<dyn RequestObserver>) -> Self {
        self.transport = self.transport.with_observer("broker", Arc::clone(observer));
        self
    }

    /// What was asked so far.
    #[must_use]
    pub fn statistics(&self) -> RequestCounts {
        self.transport.counts()
    }

    fn refusal(&self, answer: &Answer) -> PortError {
        let status = answer.status.as_u16();
        let (kind, advice) = match status {
            401 => (PortErrorKind::Unauthenticated, "check the broker's user and password"),
            403 => (PortErrorKind::Denied, "check the broker's user and password"),
            412 => (PortErrorKind::Unsupported, "the broker wants another version of the API; configure it"),
            429 => (PortErrorKind::RateLimited, "ask less often"),
            500..=599 => (PortErrorKind::Transient, "look at the broker's own log"),
            _ => {
                (PortErrorKind::Unsupported, "check that the address is the broker's, without `/v2/catalog`")
            }
        };
        PortError::new(kind, OPERATION, self.address(), format!("HTTP {status}")).with_advice(advice)
    }
}

#[async_trait]
impl CatalogSource for BrokerCatalog {
    async fn catalog(&self) -> Result<Catalog, PortError> {
        let address = self.address();
        let call = Call::get("/v2/catalog", &[], OPERATION)
            .subject(address.as_str())
            .header(HeaderName::from_static("x-broker-api-version"), self.version.clone())
            .credentials(&self.user)
            .largest_answer(LARGEST);
        let answer = self.transport.send(&call).await?;
        if answer.status.as_u16() != 200 {
            return Err(self.refusal(&answer));
        }
        wire::catalog(&answer.body).map_err(|reason| {
            PortError::new(PortErrorKind::Malformed, OPERATION, address.as_str(), reason)
                .with_advice("check that the address is the broker's, and the broker's services")
        })
    }

    fn address(&self) -> String {
        self.transport.base().as_str().trim_end_matches('/').to_owned()
    }
}

/// The one user, ready to be sent.
struct BasicUser(HeaderValue);

impl BasicUser {
    fn new(settings: &BrokerSettings) -> Option<Self> {
        basic_authorization(&settings.username, &settings.password).map(Self)
    }
}

impl fmt::Debug for BasicUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicUser(…)")
    }
}

#[async_trait]
impl Credentials for BasicUser {
    async fn credential(&self) -> Result<Option<Credential>, PortError> {
        Ok(Some(Credential { name: AUTHORIZATION, value: self.0.clone(), generation: 1 }))
    }
}
