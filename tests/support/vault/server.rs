//! Starting and stopping a fake.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use reconciler_core::ports::Clock;
use tokio::sync::oneshot;

use super::fault::Faults;
use super::hand_clock::HandClock;
use super::handle::FakeHandle;
use super::limits::Limits;
use super::line::{Cutter, Lines};
use super::serve::Server;
use super::state::{Flavour, State};
use super::token::{TokenLife, Tokens};

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
    handle: FakeHandle,
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
        let fake = Self { handle: FakeHandle { server, address }, stop: Some(stop), thread: Some(thread) };
        fake.mount_two("", "secret");
        fake.mount_one("", "old");
        fake
    }

    /// Starts one as HashiCorp Vault comes.
    #[must_use]
    pub fn plain() -> Self {
        Self::start(FakeVaultSettings { limits: Limits::vault(), ..FakeVaultSettings::default() })
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a listener that does not block");
        let lines = Lines(tokio::net::TcpListener::from_std(listener).expect("a bound listener"));
        let service = server.router().into_make_service_with_connect_info::<Cutter>();
        tokio::select! {
            ended = async { axum::serve(lines, service).await } => {
                ended.expect("serving never ends by itself");
            }
            // An error is the sender dropped: the same wish.
            _ = stopped => {}
        }
    });
}
