//! Puts the program together: from settings to Director, catalog, store, state
//! and engine. The only place that opens adapters.

mod archives;
mod audit;
mod capture;
mod catalog;
mod director;
mod engine;
mod faults;
mod http;
mod journal;
mod labels;
mod places;
mod records;
mod scripts;
mod secrets;
mod store;
mod tls;
mod vault;

use std::sync::{Arc, OnceLock};

use reconciler_core::config::{ConfigErrors, Settings, SourceFile, Sources, keys};
use reconciler_core::manager::{
    CancellationToken, Filter, Progress, Reconciler, RetryPolicy, RunOptions, Trigger, guard_index,
};
use reconciler_core::manifest::Deployment;
use reconciler_core::matching::{Facts, MatchEngine, nearest};
use reconciler_core::model::{Catalog, Index, InstanceId, InvalidId, PlanId, ServiceId, layout};
use reconciler_core::ports::{DirectorInfo, RunState, SecretStore, Slot};
use reconciler_core::scanner::{ManifestCache, ScanSettings, Scanner};
use reconciler_core::updater::HistoryLimits;

use self::places::Places;
use self::store::Records;
use crate::args::{CONFIG_VARIABLE, FilterArgs, Flags, GlobalArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::telemetry;

pub(crate) use reconciler_core::adapters::http::{Observation, RequestObserver};

pub(crate) use self::archives::{ArchiveRoom, archive_folder};
pub(crate) use self::capture::{Capture, CapturedFleet, refuse_wide};
pub(crate) use self::catalog::CatalogSource;
pub(crate) use self::director::DirectorSource;
pub(crate) use self::engine::engine_with;
pub(crate) use self::faults::{checked, faults};
pub(crate) use self::http::{HttpRules, http_rules, http_token};
pub(crate) use self::journal::{JournalPlace, RunPage};
pub(crate) use self::labels::labels;
pub(crate) use self::records::{RecordRoom, index_size};
pub(crate) use self::scripts::{live_scripts, options as script_options, scripts};
pub(crate) use self::secrets::warnings as secret_warnings;
pub(crate) use self::store::{KeptFiles, StoreKind, own_index};
pub(crate) use self::vault::{IndexSize, OpenVault, PathAccess, VaultReport, VaultStatus};

/// Reads the configuration from all its layers, and tells what is odd about it.
pub(crate) fn settings(
    global: &GlobalArgs,
    given: &[&dyn Flags],
    output: &mut Output,
) -> Result<Settings, Failure> {
    let settings = load(global, given)?;
    telemetry::follow(&settings);
    for notice in settings.notices() {
        output.note(&format!("note: {notice}"));
    }
    for warning in secrets::warnings(&settings) {
        output.warn(&warning);
    }
    Ok(settings)
}

/// Reads the configuration from all its layers.
pub(crate) fn load(global: &GlobalArgs, given: &[&dyn Flags]) -> Result<Settings, ConfigErrors> {
    Settings::load(sources(global, given))
}

/// The keys that can be read, and what is wrong with the others.
pub(crate) fn load_partly(global: &GlobalArgs) -> (Settings, Option<ConfigErrors>) {
    Settings::load_partly(sources(global, &[]))
}

fn sources(global: &GlobalArgs, given: &[&dyn Flags]) -> Sources {
    let mut flags = Vec::new();
    for group in given {
        group.add(&mut flags);
    }
    Sources {
        file: global.config().as_deref().map(SourceFile::read),
        environment: std::env::vars_os().filter(|(name, _)| name != CONFIG_VARIABLE).collect(),
        flags,
    }
}

/// Builds the filter that the flags describe.
pub(crate) fn filter(args: &FilterArgs) -> Result<Filter, Failure> {
    let mut filter = Filter::default();
    filter.service = id_flag("--service", args.service.as_deref(), |id| ServiceId::new(id))?;
    filter.plan = id_flag("--plan", args.plan.as_deref(), |id| PlanId::new(id))?;
    filter.instance = id_flag("--instance", args.instance.as_deref(), |id| InstanceId::new(id))?;
    if let Some(glob) = &args.deployment {
        filter = filter
            .with_deployment(glob)
            .map_err(|error| Failure::told(format!("--deployment: {error}"), "give a shorter pattern"))?;
    }
    Ok(filter)
}

fn id_flag<I>(
    flag: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<I, InvalidId>,
) -> Result<Option<I>, Failure> {
    text.map(parse).transpose().map_err(|error| {
        Failure::told(format!("{flag}: {error}"), "`scan` shows the ids there are, in its last columns")
    })
}

/// Whether a command may leave anything behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// It writes to the store and remembers.
    Write,
    /// It reads the store as the last run left it, and creates nothing.
    Look,
    /// It looks at the fleet's own files only.
    FleetOnly,
}

/// The engine that the settings describe.
pub(crate) fn engine(settings: &Settings) -> Result<Arc<MatchEngine>, Failure> {
    Ok(Arc::new(engine::engine(settings)?))
}

/// Everything a command works with.
pub(crate) struct Workbench {
    pub(crate) source: DirectorSource,
    pub(crate) engine: Arc<MatchEngine>,
    info: DirectorInfo,
    catalog: Arc<Catalog>,
    manifests: Arc<ManifestCache>,
    records: Records,
    progress: Arc<dyn Progress>,
    options: RunOptions,
    run_id: Option<String>,
    stop: CancellationToken,
}

/// How a run is asked to end.
pub(crate) struct Halt<'a> {
    /// Ends what looks, at once; what writes finishes the instances in hand and
    /// the index.
    pub(crate) stop: &'a CancellationToken,
    /// Ends also what writes, before its next request.
    pub(crate) abort: &'a CancellationToken,
}

/// What a process that makes several runs keeps from one to the next.
pub(crate) struct Kept {
    pub(crate) manifests: Arc<ManifestCache>,
    pub(crate) engine: Arc<MatchEngine>,
    /// Who wants to know of every request.
    pub(crate) observer: Option<Arc<dyn RequestObserver>>,
    /// Is told where the journal is as soon as that is known: also what fails
    /// afterwards is told there.
    pub(crate) journal: Arc<OnceLock<JournalPlace>>,
}

impl Kept {
    /// With nobody who wants to know of anything.
    pub(crate) fn new(manifests: Arc<ManifestCache>, engine: Arc<MatchEngine>) -> Self {
        Self { manifests, engine, observer: None, journal: Arc::default() }
    }
}

impl Workbench {
    /// Opens what a command needs.
    pub(crate) async fn open(
        settings: &Settings,
        access: Access,
        filter: Filter,
        stop: &CancellationToken,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let manifests = Arc::new(ManifestCache::new(settings.duration(keys::CACHE_TTL)));
        let kept = Kept::new(manifests, engine(settings)?);
        // A second signal ends the program itself.
        let never = CancellationToken::new();
        let abort = if access == Access::Write { &never } else { stop };
        Self::open_with(settings, access, filter, kept, Halt { stop, abort }, output).await
    }

    /// Opens what a command needs beside what was kept. Everything else is
    /// opened anew: catalog, credentials and certificates are as they are now.
    pub(crate) async fn open_with(
        settings: &Settings,
        access: Access,
        filter: Filter,
        kept: Kept,
        halt: Halt<'_>,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let Kept { manifests, engine, observer, journal } = kept;
        let observer = observer.as_ref();
        let Halt { stop, abort } = halt;
        let source = DirectorSource::open_observed(settings, stop, observer)?;
        if source.is_live() && access == Access::FleetOnly {
            return Err(Failure::told(
                "this command looks at a fleet's folder, and a Director is named",
                "give a fleet's folder with --fleet DIR, or as `fleet` in the configuration",
            ));
        }
        // Before anything is asked: a refusal needs no answer from anybody.
        let kind = StoreKind::admitted(settings, access)?;
        if source.is_live() && kind == StoreKind::Embedded {
            places::require_named_store(settings)?;
        }
        let catalog = CatalogSource::open(settings, stop)?.observed(observer);
        for warning in [source.warning(), catalog.warning()].into_iter().flatten() {
            output.warn(&warning);
        }
        // It says whose records and whose journal these are.
        let info = source.director().info().await?;
        let places = Places::of(settings, &source, &info.uuid, access)?;
        if let Some(place) = JournalPlace::among(&places) {
            // Set once: every opening has a lock of its own.
            let _known = journal.set(place);
        }
        let catalog = Arc::new(catalog.read(&source).await?);
        tracing::debug!(
            chain = engine.fingerprint().to_string(),
            strategies = engine.chain().entries().len(),
            services = catalog.services().len(),
            plans = catalog.plan_count(),
            "read the catalog"
        );
        let records = Records::open(settings, kind, access, &source, &places, abort, observer).await?;
        let address = source.director().address();
        let named = [info.name.as_str(), &info.version].map(str::trim).join(" ");
        let named = if named.trim().is_empty() { "without a name" } else { named.trim() };
        output.note(&format!("Director  {named}, uuid {}, {address}", info.uuid));
        output.note(&format!("Store     {}", records.note));
        if let Some(state) = &records.state {
            output.note(&format!("State     {}", state.address()));
        }
        for warning in &records.warnings {
            output.warn(warning);
        }
        let mut options = RunOptions::default();
        options.dry_run = access != Access::Write;
        options.batch_size = director::number(settings.integer(keys::BATCH_SIZE));
        options.concurrency = director::number(settings.integer(keys::MAX_CONCURRENCY));
        options.filter = filter;
        options.verify_interval = chrono::Duration::from_std(settings.duration(keys::VERIFY_INTERVAL))
            .unwrap_or(chrono::Duration::MAX);
        options.interval =
            chrono::Duration::from_std(settings.duration(keys::INTERVAL)).unwrap_or(chrono::Duration::MAX);
        options.coexist = settings.boolean(keys::COEXIST);
        options.backups = archives::policy(settings)?;
        options.instances = settings.boolean(keys::SCANNER_INSTANCES);
        options.history = HistoryLimits {
            max_entries: director::number(settings.integer(keys::HISTORY_MAX_ENTRIES)),
            max_age_seconds: i64::try_from(settings.duration(keys::HISTORY_MAX_AGE).as_secs())
                .unwrap_or(i64::MAX),
        };
        // Who only looks sees at once how it stands.
        if access == Access::Write {
            options.retry = RetryPolicy {
                attempts: u32::try_from(settings.integer(keys::RETRY_ATTEMPTS)).unwrap_or(u32::MAX),
                delay: settings.duration(keys::RETRY_DELAY),
                max_delay: settings.duration(keys::RETRY_MAX_DELAY),
            };
        }
        options.journal = journal::bounds(settings);
        let progress = Arc::new(Bar::default());
        let stop = stop.clone();
        Ok(Self { source, info, engine, catalog, manifests, records, progress, options, run_id: None, stop })
    }

    /// Has the run go by a name and for a reason, and tell somebody else how far
    /// it is.
    pub(crate) fn made_by(&mut self, run_id: String, trigger: Trigger, progress: Arc<dyn Progress>) {
        self.run_id = Some(run_id);
        self.options.trigger = trigger;
        self.progress = progress;
    }

    /// Reads the index, which must not have been lost.
    pub(crate) async fn index(&self) -> Result<Slot, Failure> {
        let slot = self.store().read(layout::INDEX).await?;
        let state = self.records.state.as_ref().map(|state| state as &dyn RunState);
        guard_index(&slot, state, self.store(), false).await?;
        Ok(slot)
    }

    /// What makes a run of it.
    pub(crate) fn reconciler(&self) -> Reconciler<'_> {
        let (director, store) = (self.source.director(), self.records.store.as_ref());
        let (catalog, engine) = (Arc::clone(&self.catalog), Arc::clone(&self.engine));
        let mut reconciler = Reconciler::new(director, store, &self.manifests, catalog, engine);
        reconciler.info = Some(self.info.clone());
        reconciler.state = self.records.state.as_ref().map(|state| state as &dyn RunState);
        reconciler.progress = self.progress.as_ref();
        reconciler.run_id = self.run_id.clone();
        reconciler.options = self.options.clone();
        reconciler.stop = self.stop.clone();
        reconciler
    }

    /// Has every record read, also where the index says that nothing changed.
    pub(crate) fn read_everything(&mut self, full: bool) {
        self.options.full = full;
    }

    /// Lets more entries turn missing than the limit says, in this run.
    pub(crate) fn allow_missing(&mut self, most: Option<usize>) {
        self.options.allow_missing = most;
    }

    /// Lets the run begin an index in a store that was used before.
    pub(crate) fn begin_index(&mut self, begins: bool) {
        self.options.begin_index = begins;
    }

    /// Lets the run make entries again in any number that the last one saw.
    pub(crate) fn allow_fewer_entries(&mut self, allowed: bool) {
        self.options.allow_fewer_entries = allowed;
    }

    /// Whether records are kept somewhere already, or a run would begin that.
    pub(crate) fn has_store(&self) -> bool {
        self.records.is_begun
    }

    /// One deployment with its manifest, and what it is judged by.
    pub(crate) async fn deployment(&self, name: &str) -> Result<(Deployment, Facts), Failure> {
        let scanner = Scanner::new(self.source.director(), &self.manifests, ScanSettings::default());
        let scan = scanner.list(Some(self.info.clone()), None).await?;
        let Some(summary) = scan.summaries.iter().find(|summary| summary.name.as_str() == name) else {
            let known: Vec<String> = scan.summaries.iter().map(|summary| summary.name.to_string()).collect();
            let advice = match nearest(name, &known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`scan` lists the deployments there are".to_owned(),
            };
            return Err(Failure::told(format!("there is no deployment `{name}`"), advice));
        };
        let deployment = scanner.deployment(summary).await?;
        let index = self.records.store.read(layout::INDEX).await?;
        let index = index.data().map(Index::from_object).unwrap_or_default();
        Ok((deployment, Facts::new(Arc::clone(&self.catalog), index, scan.statistics.clone())))
    }

    pub(crate) fn store(&self) -> &dyn SecretStore {
        self.records.store.as_ref()
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.options.filter
    }
}
