//! What a run is made from, and its replacement while the program runs: taken
//! over as a whole, or not at all.

use std::sync::{Arc, Mutex, PoisonError};

use reconciler_core::config::Settings;
use reconciler_core::config::keys;
use reconciler_core::matching::MatchEngine;
use reconciler_core::scanner::{CacheLookups, ManifestCache};
use reconciler_strategies::script::LiveScripts;

use crate::failure::Failure;
use crate::wiring::{self, Kept};

/// Settings and scripts in force, and the manifests that are kept.
pub(crate) struct Setup {
    inner: Mutex<Inner>,
}

struct Inner {
    settings: Arc<Settings>,
    scripts: Option<Arc<LiveScripts>>,
    manifests: Arc<ManifestCache>,
}

impl Setup {
    /// Reads the scripts that the settings name, and builds the engine once, so
    /// that what cannot work is said before anything begins.
    pub(crate) fn new(settings: Settings) -> Result<Self, Failure> {
        let manifests = Arc::new(ManifestCache::new(settings.duration(keys::CACHE_TTL)));
        let (settings, scripts) = Self::checked(settings)?;
        Ok(Self { inner: Mutex::new(Inner { settings, scripts, manifests }) })
    }

    fn checked(settings: Settings) -> Result<(Arc<Settings>, Option<Arc<LiveScripts>>), Failure> {
        let scripts = wiring::live_scripts(&settings)?.map(Arc::new);
        wiring::engine_with(&settings, scripts.as_ref().map(|live| live.current()).as_deref())?;
        Ok((Arc::new(settings), scripts))
    }

    /// Takes over other settings, and reads the scripts anew.
    ///
    /// # Errors
    /// If anything is wrong with them; then everything stays as it was.
    pub(crate) fn replace(&self, settings: Settings) -> Result<(), Failure> {
        let (settings, scripts) = Self::checked(settings)?;
        self.with(|inner| {
            if inner.settings.duration(keys::CACHE_TTL) != settings.duration(keys::CACHE_TTL) {
                inner.manifests = Arc::new(ManifestCache::new(settings.duration(keys::CACHE_TTL)));
            }
            inner.settings = settings;
            inner.scripts = scripts;
        });
        Ok(())
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        self.with(|inner| Arc::clone(&inner.settings))
    }

    pub(crate) fn scripts(&self) -> Option<Arc<LiveScripts>> {
        self.with(|inner| inner.scripts.clone())
    }

    /// How often manifests were found in the cache that is in use.
    pub(crate) fn cache_lookups(&self) -> CacheLookups {
        self.with(|inner| inner.manifests.lookups())
    }

    /// Has the next run ask for every manifest.
    pub(crate) fn forget_manifests(&self) {
        self.with(|inner| inner.manifests.clear());
    }

    /// What a run begins with: it never sees two sets of scripts.
    pub(crate) fn kept(&self) -> Result<(Arc<Settings>, Kept), Failure> {
        let (settings, scripts, manifests) = self
            .with(|inner| (Arc::clone(&inner.settings), inner.scripts.clone(), Arc::clone(&inner.manifests)));
        let engine = wiring::engine_with(&settings, scripts.map(|live| live.current()).as_deref())?;
        Ok((settings, Kept::new(manifests, Arc::new(engine))))
    }

    /// The chain as it would decide now.
    pub(crate) fn engine(&self) -> Result<Arc<MatchEngine>, Failure> {
        self.kept().map(|(_, kept)| kept.engine)
    }

    /// A panic elsewhere cannot leave it half replaced.
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
