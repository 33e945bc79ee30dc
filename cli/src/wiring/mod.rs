//! Puts the program together: from settings to Director, catalog, store, state
//! and engine. The only place that names adapters.

mod archives;
mod catalog;
mod director;
mod engine;
mod places;
mod store;

use std::sync::Arc;

use reconciler_core::config::{Settings, SourceFile, Sources, keys};
use reconciler_core::manager::{Filter, Reconciler, RunOptions};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::{Catalog, InstanceId, PlanId, ServiceId};
use reconciler_core::ports::{RunState, SystemClock};

use self::store::Records;
use crate::args::{FilterArgs, Flags, GlobalArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;

pub(crate) use self::archives::ArchiveRoom;
pub(crate) use self::director::DirectorSource;

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
        file: global.config.as_deref().map(SourceFile::read),
        environment: std::env::vars_os().filter(|(name, _)| name != "BLACKSMITH_RECONCILER_CONFIG").collect(),
        flags,
    })?;
    for notice in settings.notices() {
        output.note(&format!("note: {notice}"));
    }
    Ok(settings)
}

/// Builds the filter that the flags describe.
pub(crate) fn filter(args: &FilterArgs) -> Result<Filter, Failure> {
    let mut filter = Filter::default();
    filter.service = args.service.as_deref().map(ServiceId::new).transpose().map_err(Failure::local)?;
    filter.plan = args.plan.as_deref().map(PlanId::new).transpose().map_err(Failure::local)?;
    filter.instance = args.instance.as_deref().map(InstanceId::new).transpose().map_err(Failure::local)?;
    if let Some(glob) = &args.deployment {
        filter = filter.with_deployment(glob).map_err(Failure::local)?;
    }
    Ok(filter)
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
    pub(crate) source: DirectorSource,
    pub(crate) engine: Arc<MatchEngine>,
    catalog: Arc<Catalog>,
    records: Records,
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
        let engine = Arc::new(engine::engine(settings)?);
        let source = DirectorSource::open(settings)?;
        let catalog = Arc::new(catalog::read(settings, &source).await?);
        let info = source.director().info().await?;
        let records = Records::open(settings, access, &source, &info.uuid).await?;
        let address = source.director().address();
        output.note(&format!("Director  {} {}, uuid {}, {address}", info.name, info.version, info.uuid));
        output.note(&format!("Store     {}", records.note));
        if let Some(state) = &records.state {
            output.note(&format!("State     {}", state.address()));
        }
        let mut options = RunOptions::default();
        options.dry_run = access != Access::Write;
        options.batch_size = usize::try_from(settings.integer(keys::BATCH_SIZE)).unwrap_or(usize::MAX);
        options.filter = filter;
        options.backups = archives::policy(settings)?;
        Ok(Self { source, engine, catalog, records, bar: Bar::default(), options })
    }

    /// What makes a run of it.
    pub(crate) fn reconciler(&self) -> Reconciler<'_> {
        Reconciler {
            director: self.source.director(),
            store: self.records.store.as_ref(),
            state: self.records.state.as_ref().map(|state| state as &dyn RunState),
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
