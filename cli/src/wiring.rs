//! Puts the program together: from settings to fleet, catalog, store, state and
//! engine. The only place that names adapters.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reconciler_core::adapters::catalog;
use reconciler_core::adapters::fleet::FleetFolder;
use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::config::{Settings, SourceFile, Sources, keys};
use reconciler_core::manager::{Filter, Reconciler, RunOptions};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::{Catalog, InstanceId, InvalidId, PlanId, ServiceId, layout};
use reconciler_core::ports::{RunState, SecretStore, SystemClock};

use crate::args::{CONFIG_VARIABLE, FilterArgs, Flags, GlobalArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;

/// Reads the configuration from all its layers, and tells what is odd about it.
pub(crate) fn settings(
    global: &GlobalArgs,
    given: &[&dyn Flags],
    output: &mut Output,
) -> Result<Settings, Failure> {
    let mut flags = Vec::new();
    for group in given {
        group.add(&mut flags);
    }
    let settings = Settings::load(Sources {
        file: global.config().as_deref().map(SourceFile::read),
        environment: std::env::vars_os().filter(|(name, _)| name != CONFIG_VARIABLE).collect(),
        flags,
    })?;
    for notice in settings.notices() {
        output.note(&format!("note: {notice}"));
    }
    Ok(settings)
}

/// Opens the fleet that the settings name.
pub(crate) fn fleet(settings: &Settings) -> Result<FleetFolder, Failure> {
    let Some(folder) = settings.path(keys::FLEET) else {
        return Err(Failure::told(
            "nothing says what to look at",
            "give a fleet's folder with --fleet DIR, or as `fleet` in the configuration",
        ));
    };
    Ok(FleetFolder::open(folder)?)
}

/// Reads the catalog that the settings name, else the fleet's own. There is no
/// other one.
pub(crate) fn catalog(settings: &Settings, fleet: &FleetFolder) -> Result<Catalog, Failure> {
    if let Some(path) = settings.path(keys::CATALOG_PATH) {
        return Ok(catalog::read(path)?);
    }
    fleet.catalog()?.ok_or_else(|| {
        Failure::told(
            format!("no catalog is given, and {} has no folder `catalog`", fleet.root().display()),
            "give one with --catalog: a folder of services, or a saved answer to GET /v2/catalog",
        )
    })
}

/// Builds the engine that the settings describe.
pub(crate) fn engine(settings: &Settings) -> Result<MatchEngine, Failure> {
    let mut builder = MatchEngine::builder().with_registered()?.policy(settings.policy());
    if let Some(names) = settings.list(keys::STRATEGIES) {
        builder = builder.select(names.iter().map(String::as_str));
    }
    if let Some(workers) = settings.integer(keys::WORKERS) {
        builder = builder.workers(workers_of(workers));
    }
    Ok(builder.build()?)
}

fn workers_of(workers: u64) -> NonZeroUsize {
    usize::try_from(workers).ok().and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MIN)
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

/// Everything a command works with.
pub(crate) struct Workbench {
    pub(crate) fleet: FleetFolder,
    pub(crate) engine: Arc<MatchEngine>,
    catalog: Arc<Catalog>,
    store: SqliteStore,
    state: Option<StateFile>,
    bar: Bar,
    options: RunOptions,
}

impl Workbench {
    /// Opens what a command needs.
    pub(crate) async fn open(
        settings: &Settings,
        access: Access,
        filter: Filter,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let engine = Arc::new(engine(settings)?);
        let fleet = fleet(settings)?;
        let catalog = Arc::new(catalog(settings, &fleet)?);
        tracing::debug!(
            chain = engine.fingerprint().to_string(),
            strategies = engine.chain().entries().len(),
            services = catalog.services().len(),
            plans = catalog.plan_count(),
            "read the catalog"
        );
        let places = Places::of(settings, &fleet, access)?;
        // Everything that is only read comes before a file is made.
        let index = fleet.index_object()?;
        let uuid = fleet.director_uuid();
        let begun = match access {
            Access::Look => SqliteStore::open_existing(places.store()?)?,
            Access::Write | Access::FleetOnly => None,
        };
        let (store, state, was_there) = match (access, begun) {
            (Access::Write, _) => {
                let store = SqliteStore::open(places.store()?)?;
                (store, Some(StateFile::open(places.state()?, uuid)?), true)
            }
            (_, Some(store)) => (store, StateFile::open_existing(places.state()?, uuid)?, true),
            (_, None) => (SqliteStore::open_in_memory()?, None, false),
        };
        let seeded = match index {
            Some(index) if access == Access::Write || !was_there => {
                store.seed_once(layout::INDEX, &index).await?
            }
            _ => false,
        };
        let named = [fleet.director_name(), fleet.director_version()].map(str::trim).join(" ");
        let named = if named.trim().is_empty() { "without a name" } else { named.trim() };
        output.note(&format!("Director  {named}, uuid {uuid}, from {}", fleet.root().display()));
        output.note(&match (access, was_there, seeded) {
            (Access::FleetOnly, ..) => "Store     none, the fleet's own index".to_owned(),
            (_, false, true) => "Store     none yet, the fleet's own index".to_owned(),
            (_, false, false) => "Store     none yet, and the fleet has no index".to_owned(),
            (_, true, true) => format!("Store     {}, begun with the fleet's index", store.address()),
            (_, true, false) => format!("Store     {}", store.address()),
        });
        if let Some(state) = &state {
            output.note(&format!("State     {}", state.address()));
        }
        let mut options = RunOptions::default();
        options.dry_run = access != Access::Write;
        options.batch_size = usize::try_from(settings.integer(keys::BATCH_SIZE)).unwrap_or(usize::MAX);
        options.filter = filter;
        Ok(Self { fleet, engine, catalog, store, state, bar: Bar::default(), options })
    }

    /// What makes a run of it.
    pub(crate) fn reconciler(&self) -> Reconciler<'_> {
        Reconciler {
            director: &self.fleet,
            store: &self.store,
            state: self.state.as_ref().map(|state| state as &dyn RunState),
            catalog: Arc::clone(&self.catalog),
            engine: Arc::clone(&self.engine),
            clock: &SystemClock,
            progress: &self.bar,
            options: self.options.clone(),
        }
    }

    pub(crate) fn filter(&self) -> &Filter {
        &self.options.filter
    }
}

/// Where the store and the state are.
struct Places {
    store: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl Places {
    fn of(settings: &Settings, fleet: &FleetFolder, access: Access) -> Result<Self, Failure> {
        if access == Access::FleetOnly {
            return Ok(Self { store: None, state: None });
        }
        let uuid = fleet.director_uuid();
        // It becomes a file's name.
        if uuid.is_empty() || !uuid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(Failure::told(
                format!(
                    "{}: the Director's uuid `{}` is none",
                    fleet.root().join("director/info.json").display(),
                    uuid.escape_debug()
                ),
                "save the Director's answer to GET /info as director/info.json",
            ));
        }
        let default = |suffix: &str| state_folder().map(|folder| folder.join(format!("{uuid}.{suffix}")));
        Ok(Self {
            store: settings.path(keys::STORE_PATH).map(Path::to_owned).or_else(|| default("store.db")),
            state: settings.path(keys::STATE_PATH).map(Path::to_owned).or_else(|| default("state.db")),
        })
    }

    fn store(&self) -> Result<&Path, Failure> {
        self.store.as_deref().ok_or_else(|| no_state_folder("--store"))
    }

    fn state(&self) -> Result<&Path, Failure> {
        self.state.as_deref().ok_or_else(|| no_state_folder("--state"))
    }
}

fn no_state_folder(flag: &str) -> Failure {
    Failure::told("neither XDG_STATE_HOME nor HOME is set", format!("say where with {flag} FILE"))
}

/// Where programs keep what they remember, by the XDG convention.
fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(base.join("reconciler"))
}
