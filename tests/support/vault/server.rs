//! A running fake: starting and stopping it, and looking at what it holds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use reconciler_core::ports::Clock;
use serde_json::Value;
use tokio::sync::oneshot;

use super::exchange::Route;
use super::fault::{Fault, Faults};
use super::hand_clock::HandClock;
use super::kv2::VersionedMount;
use super::limits::Limits;
use super::line::{Cutter, Lines};
use super::policy::Policy;
use super::serve::Server;
use super::state::{Flavour, Mount, State};
use super::token::{Role, TokenLife, Tokens};

/// The token that may do anything.
pub const ROOT_TOKEN: &str = "hvs.root-of-the-fake";

/// How a fake starts.
#[derive(Debug, Default)]
pub struct FakeVaultSettings {
    /// Its time; a clock that stands still if nothing is said.
    pub clock: Option<Arc<dyn Clock>>,
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
    server: Server,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeVault {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If there is no loopback port or no thread to be had.
    #[must_use]
    pub fn start(settings: FakeVaultSettings) -> Self {
        let clock = settings
            .clock
            .unwrap_or_else(|| Arc::new(HandClock::default()));
        let mut tokens = Tokens::default();
        let root = TokenLife {
            policies: vec!["root".to_owned()],
            ..TokenLife::default()
        };
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
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let port = listener.local_addr().expect("a bound listener").port();
        let address = format!("http://127.0.0.1:{port}{}", server.base);
        let (stop, stopped) = oneshot::channel();
        let serving = server.clone();
        // A thread of its own: the fake answers blocking tests too, and its
        // waits do not count on a test's paused clock.
        let thread = std::thread::Builder::new()
            .name("fake-vault".to_owned())
            .spawn(move || run(serving, listener, stopped))
            .expect("a thread");
        let fake = Self {
            server,
            address,
            stop: Some(stop),
            thread: Some(thread),
        };
        fake.mount_two("", "secret");
        fake.mount_one("", "old");
        fake
    }

    /// Starts one as HashiCorp Vault comes.
    #[must_use]
    pub fn plain() -> Self {
        Self::start(FakeVaultSettings {
            limits: Limits::vault(),
            ..FakeVaultSettings::default()
        })
    }

    /// Its address, as `VAULT_ADDR` holds it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Mounts KV v2, making the namespace if it is not there.
    pub fn mount_two(&self, namespace: &str, path: &str) {
        self.mount(namespace, path, Mount::Two(VersionedMount::default()));
    }

    /// Mounts KV v1, making the namespace if it is not there.
    pub fn mount_one(&self, namespace: &str, path: &str) {
        self.mount(namespace, path, Mount::One(BTreeMap::new()));
    }

    fn mount(&self, namespace: &str, path: &str, mount: Mount) {
        let state = &mut *self.server.state();
        let mounts = state.namespaces.entry(namespace.to_owned()).or_default();
        mounts.insert(format!("{}/", path.trim_matches('/')), mount);
    }

    /// Seals it: every request but health is refused.
    pub fn seal(&self) {
        self.server.state().sealed = true;
    }

    /// Unseals it.
    pub fn unseal(&self) {
        self.server.state().sealed = false;
    }

    /// Makes it a standby without an active node, or the active node again.
    pub fn set_standby(&self, standby: bool) {
        self.server.state().standby = standby;
    }

    /// Changes its limits.
    pub fn set_limits(&self, limits: Limits) {
        self.server.state().limits = limits;
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.server.state().faults.add(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.server.state().faults.clear();
    }

    /// Gives a policy a name.
    pub fn add_policy(&self, name: &str, policy: Policy) {
        let state = &mut *self.server.state();
        state.policies.insert(name.to_owned(), policy);
    }

    /// Makes a token.
    pub fn add_token(&self, token: &str, life: TokenLife) {
        let state = &mut *self.server.state();
        let now = state.clock.now();
        state.tokens.issue(token, life, now);
    }

    /// Ends a token at once.
    pub fn revoke(&self, token: &str) {
        self.server.state().tokens.revoke(token);
    }

    /// Ends all tokens that logins gave.
    pub fn revoke_given(&self) {
        self.server.state().tokens.revoke_given();
    }

    /// Makes a role of AppRole, mounted at `auth/approle`.
    pub fn add_role(&self, role: Role) {
        self.server.state().tokens.add_role("approle", role);
    }

    /// How many tokens logins gave.
    #[must_use]
    pub fn logins(&self) -> u64 {
        self.server.state().tokens.given()
    }

    /// Requests of a route, those that met a fault included.
    #[must_use]
    pub fn count(&self, route: Route) -> u64 {
        let state = self.server.state();
        state.counts.get(&route).copied().unwrap_or_default()
    }

    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.server.state().counts.values().sum()
    }

    /// Forgets what was counted.
    pub fn reset_counts(&self) {
        self.server.state().counts.clear();
    }

    /// The tokens that requests carried.
    #[must_use]
    pub fn tokens_seen(&self) -> Vec<String> {
        self.server.state().tokens_seen.clone()
    }

    /// The newest data at a path of `secret/`, as it was sent.
    #[must_use]
    pub fn secret(&self, path: &str) -> Option<Value> {
        self.with_mount("", "secret", |mount| mount.data(path).cloned())
    }

    /// The current version of a path of `secret/`; 0 is never.
    #[must_use]
    pub fn version(&self, path: &str) -> u64 {
        self.with_mount("", "secret", |mount| mount.version(path))
    }

    /// All paths of `secret/`, soft-deleted ones too.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.with_mount("", "secret", |mount| mount.paths())
    }

    /// Writes to `secret/` as the broker does: without any check. Gives the new
    /// version.
    pub fn put(&self, path: &str, data: Value) -> u64 {
        let now = self.server.state().clock.now();
        self.with_mount("", "secret", |mount| mount.put(path, data, now))
    }

    /// Deletes softly in `secret/`, as the broker does.
    pub fn delete(&self, path: &str) {
        let now = self.server.state().clock.now();
        self.with_mount("", "secret", |mount| mount.delete(path, now));
    }

    /// The newest data at a path of any mount of KV v2.
    #[must_use]
    pub fn secret_in(&self, namespace: &str, mount: &str, path: &str) -> Option<Value> {
        self.with_mount(namespace, mount, |mount| mount.data(path).cloned())
    }

    fn with_mount<T>(
        &self,
        namespace: &str,
        path: &str,
        work: impl FnOnce(&mut VersionedMount) -> T,
    ) -> T {
        let state = &mut *self.server.state();
        match state.mount(namespace, path) {
            Some((Mount::Two(mount), ..)) => work(mount),
            _ => panic!("no KV v2 is mounted at `{path}`"),
        }
    }
}

impl Drop for FakeVault {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server was printed by its thread.
            let _ended = thread.join();
        }
    }
}

fn run(server: Server, listener: std::net::TcpListener, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        listener
            .set_nonblocking(true)
            .expect("a listener that does not block");
        let lines = Lines(tokio::net::TcpListener::from_std(listener).expect("a bound listener"));
        let service = server
            .router()
            .into_make_service_with_connect_info::<Cutter>();
        tokio::select! {
            ended = async { axum::serve(lines, service).await } => {
                ended.expect("serving never ends by itself");
            }
            // An error is the sender dropped: the same wish.
            _ = stopped => {}
        }
    });
}
