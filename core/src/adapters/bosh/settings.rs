//! How a Director is reached, who we are there, and how much may be asked of it.

use crate::adapters::http::{
    ClientSettings, LimitSettings, PemSource, ProxySettings, RetrySettings, Secret, Timeouts,
};

use super::DirectorAddress;

/// The settings of one Director.
#[derive(Debug, Clone)]
pub struct BoshSettings {
    /// Where it is.
    pub address: DirectorAddress,
    /// The UAA client's id, or the user's name.
    pub client: Option<String>,
    /// The UAA client's secret, or the user's password.
    pub client_secret: Option<Secret>,
    /// The CAs of Director and UAA alike; without, the system's.
    pub ca_cert: Option<PemSource>,
    /// The proxy to Director and UAA.
    pub proxy: Option<ProxySettings>,
    /// Accepts any certificate. Whoever sets this says so in every run.
    pub skip_ssl_validation: bool,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// How often and how soon a request is made again.
    pub retry: RetrySettings,
    /// How many requests at once and a second. A Director has about 15 places
    /// for everybody, so 4 and 8 are taken if nothing is said.
    pub limits: LimitSettings,
    /// How long answers may be.
    pub bodies: BodyLimits,
}

/// How long answers may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// A list of deployments, events, tasks or instances, as JSON.
    pub list: usize,
    /// The text of one manifest.
    pub manifest: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { list: 64 * 1024 * 1024, manifest: 16 * 1024 * 1024 }
    }
}

impl BoshSettings {
    /// The usual settings for a Director at an address.
    #[must_use]
    pub fn new(address: DirectorAddress) -> Self {
        Self {
            address,
            client: None,
            client_secret: None,
            ca_cert: None,
            proxy: None,
            skip_ssl_validation: false,
            timeouts: Timeouts::default(),
            retry: RetrySettings::default(),
            limits: LimitSettings::new(4, Some(8)),
            bodies: BodyLimits::default(),
        }
    }

    pub(super) fn client_settings(&self) -> ClientSettings {
        ClientSettings {
            ca: self.ca_cert.clone(),
            certificate: None,
            key: None,
            server_name: None,
            insecure: self.skip_ssl_validation,
            proxy: self.proxy.clone(),
            timeouts: self.timeouts,
        }
    }
}
