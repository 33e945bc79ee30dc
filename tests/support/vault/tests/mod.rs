//! The Vault client against the fake: each fault, each kind of error, each step
//! of a token's life. Nothing here waits: time stands still until it is moved,
//! and the pauses between tries are only noted.

mod limits;
mod mute_tokens;
mod places;
mod reads;
mod redirects;
mod removals;
mod report;
mod secrets;
mod tls;
mod tokens;
mod unknown_fates;
mod writes;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use reconciler_core::adapters::http::{CancellationToken, LimitSettings, Pause};
use reconciler_core::adapters::vault::{TokenSource, VaultSettings, VaultStore};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortError, PortErrorKind, SecretStore, Version};

use super::{FakeVault, FakeVaultSettings, HandClock, Limits, ROOT_TOKEN};

/// A fake, a store on it, the clock of both, and the pauses between tries.
struct Bench {
    fake: FakeVault,
    store: Arc<VaultStore>,
    clock: Arc<HandClock>,
    pauses: Arc<Pauses>,
}

impl Bench {
    /// A store with the root token on a plain fake.
    fn new() -> Self {
        Self::with(FakeVaultSettings::default(), |_, _| {})
    }

    /// A store whose settings and fake are changed before it starts.
    fn with(fake: FakeVaultSettings, change: impl FnOnce(&FakeVault, &mut VaultSettings)) -> Self {
        let clock = Arc::new(HandClock::default());
        let limits = match fake.limits.clone() {
            none if none == Limits::default() => Limits::vault(),
            some => some,
        };
        let fake = FakeVault::start(FakeVaultSettings { clock: Some(clock.clone()), limits, ..fake });
        let mut settings = settings(&fake);
        change(&fake, &mut settings);
        let pauses = Arc::new(Pauses::default());
        let store = open(settings, &clock, &pauses);
        Self { fake, store, clock, pauses }
    }

    async fn write(&self, path: &str, text: &str, expected: u64) -> Result<u64, PortError> {
        let version = self.store.write(path, &object(text), Version(expected)).await?;
        Ok(version.0)
    }
}

/// Settings for a fake: the root token, no rate limit, delays without chance.
fn settings(fake: &FakeVault) -> VaultSettings {
    let token = TokenSource::given(ROOT_TOKEN, "VAULT_TOKEN");
    let mut settings = VaultSettings::new(fake.address(), token).unwrap();
    settings.limits = LimitSettings::new(8, None);
    settings.retry.jitter = false;
    settings
}

fn open(settings: VaultSettings, clock: &Arc<HandClock>, pauses: &Arc<Pauses>) -> Arc<VaultStore> {
    let stop = CancellationToken::new();
    let store = VaultStore::with_parts(settings, clock.clone(), pauses.clone(), stop);
    Arc::new(store.unwrap())
}

fn object(text: &str) -> JsonObject {
    JsonObject::parse(text).unwrap()
}

/// The error must be of a kind, name its subject, say what to do next, and hold
/// these words.
fn expect(error: &PortError, kind: PortErrorKind, words: &str) {
    let text = error.to_string();
    assert_eq!(error.kind, kind, "{text}");
    assert!(text.contains(words), "`{words}` is missing in: {text}");
    assert!(text.starts_with("failed to "), "{text}");
    assert!(error.advice.is_some(), "no next step for: {text}");
}

type Act = Box<dyn FnOnce() + Send>;

/// Notes the pauses between tries and takes no time. What happens meanwhile can
/// be given: something for each pause, in order.
#[derive(Default)]
struct Pauses {
    noted: Mutex<Vec<Duration>>,
    acts: Mutex<Vec<Act>>,
}

impl Pauses {
    fn noted(&self) -> Vec<Duration> {
        self.noted.lock().unwrap().clone()
    }

    fn meanwhile(&self, act: impl FnOnce() + Send + 'static) {
        self.acts.lock().unwrap().push(Box::new(act));
    }
}

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.noted().fmt(f)
    }
}

#[async_trait]
impl Pause for Pauses {
    async fn pause(&self, delay: Duration) {
        self.noted.lock().unwrap().push(delay);
        let act = {
            let mut acts = self.acts.lock().unwrap();
            (!acts.is_empty()).then(|| acts.remove(0))
        };
        if let Some(act) = act {
            act();
        }
    }
}
