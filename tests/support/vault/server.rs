//! Starting and stopping a fake.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use reconciler_core::ports::Clock;

use super::fault::Faults;
use super::hand_clock::HandClock;
use super::handle::FakeHandle;
use super::limits::Limits;
use super::serve::Server;
use super::state::{Flavour, State};
use super::token::{TokenLife, Tokens};
use crate::certificates::CertificateKind;
use crate::serving::{Port, Serving};

/// The token that may do anything.
pub const ROOT_TOKEN: &str = "hvs.root-of-the-fake";

/// How a fake starts.
#[derive(Debug, Default)]
pub struct FakeVaultSettings {
    /// Its time; a clock that stands still if nothing is said.
    pub clock: Option<Arc<dyn Clock>>,
    /// Speaks TLS with a certificate of this kind; plain HTTP without.
    pub tls: Option<CertificateKind>,
    /// The port to listen on; a free one if it is 0.
    pub port: u16,
    /// Whose texts and habits it has.
    pub flavour: Flavour,
    /// What it takes at most.
    pub limits: Limits,
    /// The path in front of `/v1/`, as behind a proxy: `/vault`.
    pub base: String,
    /// Decides all chances of faults.
    pub seed: u64,
    /// Sends `X-Vault-Index` with writes, as replicated clusters do.
    pub indexed: bool,
}

/// A Vault on a loopback port, with an empty KV v2 at `secret/`, an empty KV v1
/// at `old/`, and the token [`ROOT_TOKEN`]. It ends when it is dropped.
#[derive(Debug)]
pub struct FakeVault {
    handle: FakeHandle,
    ca_pem: Option<String>,
    client_pem: Option<String>,
    _serving: Serving,
}

impl FakeVault {
    /// Starts one.
    ///
    /// # Panics
    /// If there is no loopback port or no thread to be had.
    #[must_use]
    pub fn start(settings: FakeVaultSettings) -> Self {
        let clock = settings.clock.unwrap_or_else(|| Arc::new(HandClock::default()));
        let mut tokens = Tokens::default();
        let root = TokenLife { policies: vec!["root".to_owned()], ..TokenLife::default() };
        tokens.issue(ROOT_TOKEN, root, clock.now());
        let state = State {
            clock,
            flavour: settings.flavour,
            limits: settings.limits,
            sealed: false,
            standby: false,
            namespaces: BTreeMap::new(),
            tokens,
            policies: BTreeMap::new(),
            faults: Faults::seeded(settings.seed),
            counts: BTreeMap::new(),
            tokens_seen: Vec::new(),
            index: settings.indexed.then_some(0),
        };
        let server = Server {
            state: Arc::new(Mutex::new(state)),
            base: settings.base.trim_end_matches('/').to_owned(),
        };
        let port = Port::take(settings.port, settings.tls);
        let address = format!("{}{}", port.origin(), server.base);
        let (ca_pem, client_pem) = (port.ca_pem(), port.client_pem());
        let serving = port.serve("fake-vault", server.clone().router());
        let handle = FakeHandle { server, address };
        let fake = Self { handle, ca_pem, client_pem, _serving: serving };
        fake.mount_two("", "secret");
        fake.mount_one("", "old");
        fake
    }

    /// Starts one as HashiCorp Vault comes.
    #[must_use]
    pub fn plain() -> Self {
        Self::start(FakeVaultSettings { limits: Limits::vault(), ..FakeVaultSettings::default() })
    }

    /// The CA to trust, as PEM, over TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// A certificate and key that it accepts of a client, as PEM, over TLS.
    #[must_use]
    pub fn client_pem(&self) -> Option<&str> {
        self.client_pem.as_deref()
    }

    /// Its inside, for where the fake itself cannot go.
    #[must_use]
    pub fn handle(&self) -> FakeHandle {
        self.handle.clone()
    }
}

impl Deref for FakeVault {
    type Target = FakeHandle;

    fn deref(&self) -> &FakeHandle {
        &self.handle
    }
}
