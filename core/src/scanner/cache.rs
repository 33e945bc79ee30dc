//! Manifests as they were received, kept for a while, so that neither the second
//! half of a run nor the next scan asks for them again.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{DeploymentName, DeploymentSummary};
use crate::ports::ManifestAnswer;

/// How long a manifest is kept unless something else is said.
const USUAL_TTL: Duration = Duration::from_secs(5 * 60);
/// How much is kept unless something else is said: 50,000 manifests of 10 KB.
const USUAL_LIMIT: usize = 512 * 1024 * 1024;
/// What an entry takes besides its manifest: name, summary, places in the map.
const OVERHEAD: usize = 512;

/// The manifests of one Director, in memory, with an end to their number: what
/// does not fit any more is not kept, and is asked for again when needed.
///
/// Within one scan everything kept is used. From one scan to the next only what
/// is young enough, and only of deployments whose entry in the Director's list
/// is the same and that no task holds.
///
/// Manifests hold passwords: the cache is never written anywhere.
pub struct ManifestCache {
    ttl: Duration,
    limit: usize,
    inner: Mutex<Inner>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How often a manifest was looked for here, since the cache was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheLookups {
    /// It was here.
    pub hits: u64,
    /// The Director had to be asked.
    pub misses: u64,
}

#[derive(Default)]
struct Inner {
    director: String,
    entries: HashMap<DeploymentName, Kept>,
    bytes: usize,
}

struct Kept {
    since: Instant,
    summary: DeploymentSummary,
    answer: ManifestAnswer,
}

impl Default for ManifestCache {
    fn default() -> Self {
        Self::new(USUAL_TTL)
    }
}

impl ManifestCache {
    /// A cache whose manifests serve later scans for that long; with zero, only
    /// the scan that read them.
    #[must_use]
    pub fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            limit: USUAL_LIMIT,
            inner: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Keeps at most so many bytes (512 MiB if nothing is said).
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Forgets everything: the next scan asks for every manifest.
    pub fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// Forgets what is too old for another scan, and gives how many that were.
    pub fn purge(&self) -> usize {
        let inner = &mut *self.lock();
        inner.retain(|_, kept| kept.since.elapsed() < self.ttl)
    }

    /// How many manifests are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory they take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// How often a manifest was looked for.
    #[must_use]
    pub fn lookups(&self) -> CacheLookups {
        CacheLookups { hits: self.hits.load(Relaxed), misses: self.misses.load(Relaxed) }
    }

    /// A scan begins: what must not serve it is forgotten.
    pub(super) fn begin(&self, director: &str, list: &[DeploymentSummary]) {
        let inner = &mut *self.lock();
        if inner.director != director {
            *inner = Inner { director: director.to_owned(), ..Inner::default() };
            return;
        }
        let unchanged: HashSet<&DeploymentName> = list
            .iter()
            .filter(|summary| {
                let kept = inner.entries.get(&summary.name);
                kept.is_some_and(|kept| !summary.locked && kept.summary == **summary)
            })
            .map(|summary| &summary.name)
            .collect();
        inner.retain(|name, kept| unchanged.contains(name) && kept.since.elapsed() < self.ttl);
    }

    /// What is kept of a deployment, however old.
    pub(super) fn get(&self, name: &DeploymentName) -> Option<ManifestAnswer> {
        let answer = self.lock().entries.get(name).map(|kept| kept.answer.clone());
        let lookups = if answer.is_some() { &self.hits } else { &self.misses };
        lookups.fetch_add(1, Relaxed);
        answer
    }

    /// Forgets what is kept of a deployment.
    pub(super) fn forget(&self, name: &DeploymentName) {
        let inner = &mut *self.lock();
        if let Some(kept) = inner.entries.remove(name) {
            inner.bytes -= size_of(&kept.answer);
        }
    }

    /// Keeps an answer if there is room.
    pub(super) fn keep(&self, summary: &DeploymentSummary, answer: &ManifestAnswer) {
        let size = size_of(answer);
        let inner = &mut *self.lock();
        if inner.bytes + size > self.limit {
            return;
        }
        let kept = Kept { since: Instant::now(), summary: summary.clone(), answer: answer.clone() };
        if let Some(before) = inner.entries.insert(summary.name.clone(), kept) {
            inner.bytes -= size_of(&before.answer);
        }
        inner.bytes += size;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn retain(&mut self, keep: impl Fn(&DeploymentName, &Kept) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|name, kept| keep(name, kept));
        self.bytes = self.entries.values().map(|kept| size_of(&kept.answer)).sum();
        before - self.entries.len()
    }
}

fn size_of(answer: &ManifestAnswer) -> usize {
    OVERHEAD
        + match answer {
            ManifestAnswer::Found(bytes) => bytes.len(),
            ManifestAnswer::Null | ManifestAnswer::Gone => 0,
        }
}

/// How many there are; what they say is secret.
impl fmt::Debug for ManifestCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestCache")
            .field("ttl", &self.ttl)
            .field("manifests", &self.len())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
