//! The journal of runs: how much it keeps, and where it is read.

use std::path::PathBuf;

use reconciler_core::adapters::sqlite::{StateFile, StateOwner};
use reconciler_core::config::{Settings, keys};
use reconciler_core::manager::{CancellationToken, JournalBounds, RunRecord, close_page};
use reconciler_core::matching::Rules;
use reconciler_core::ports::{DecisionEntry, PortError, RunEntry, RunState as _, RunSummary};

use super::Access;
use super::director::DirectorSource;
use super::places::Places;
use crate::failure::Failure;

/// How much the journal keeps.
pub(super) fn bounds(settings: &Settings) -> JournalBounds {
    JournalBounds {
        runs: usize::try_from(settings.integer(keys::JOURNAL_MAX_RUNS)).unwrap_or(usize::MAX),
        age: chrono::Duration::from_std(settings.duration(keys::JOURNAL_MAX_AGE))
            .unwrap_or(chrono::Duration::MAX),
    }
}

/// Where a journal is. It is opened for reading each time, so that
/// nobody who reads holds up a run.
#[derive(Debug, Clone)]
pub(crate) struct JournalPlace {
    path: PathBuf,
    owner: StateOwner,
}

/// A run with what it decided, and by which rules; as far as that was kept.
pub(crate) struct RunPage {
    pub(crate) run: RunEntry,
    pub(crate) decisions: Option<Vec<DecisionEntry>>,
    pub(crate) rules: Option<Rules>,
}

impl JournalPlace {
    /// The journal of a Director among the places of its files.
    pub(super) fn among(places: &Places) -> Option<Self> {
        let path = places.state().ok()?.to_owned();
        Some(Self { path, owner: places.owner() })
    }

    /// The journal, if it can be found without asking a Director: beside a
    /// fleet, or where the settings name a file that says whose it is.
    pub(crate) async fn without_asking(settings: &Settings) -> Result<Option<Self>, Failure> {
        if settings.path(keys::FLEET).is_some() {
            return Self::find(settings, &CancellationToken::new()).await.map(Some);
        }
        let Some(path) = settings.path(keys::STATE_PATH) else { return Ok(None) };
        let owner = StateFile::owner_of(path)?;
        Ok(owner.map(|owner| Self { path: path.to_owned(), owner }))
    }

    /// The journal of the Director that the settings name, which is asked who it
    /// is.
    pub(crate) async fn find(settings: &Settings, stop: &CancellationToken) -> Result<Self, Failure> {
        let source = DirectorSource::open(settings, stop)?;
        let info = source.director().info().await?;
        let places = Places::of(settings, &source, &info.uuid, Access::Look)?;
        Ok(Self { path: places.state()?.to_owned(), owner: places.owner() })
    }

    /// Where it is, for people.
    pub(crate) fn address(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether there is a journal: the first run makes it.
    pub(crate) fn exists(&self) -> Result<bool, PortError> {
        self.open().map(|state| state.is_some())
    }

    /// The newest runs; nothing if there is no journal yet.
    pub(crate) fn runs(&self, limit: usize) -> Result<Vec<RunSummary>, PortError> {
        self.open()?.map_or_else(|| Ok(Vec::new()), |state| state.runs(limit))
    }

    /// A run with what it decided, if the journal has it.
    pub(crate) fn page(&self, run_id: &str) -> Result<Option<RunPage>, PortError> {
        let Some(state) = self.open()? else { return Ok(None) };
        let Some(run) = state.run(run_id)? else { return Ok(None) };
        let rules = run.chain.as_ref().map(|chain| state.rules_of(chain)).transpose()?.flatten();
        // What a later release keeps in another form is as good as unknown.
        let rules = rules.and_then(|rules| serde_json::from_str(&rules.to_text()).ok());
        Ok(Some(RunPage { decisions: state.decisions_of(run_id)?, run, rules }))
    }

    /// Has the journal tell of a run that could not do so itself, and gives what
    /// it tells.
    pub(crate) fn close_page(
        &self,
        run: &RunRecord,
        settings: &Settings,
    ) -> Result<Option<RunSummary>, PortError> {
        let state = StateFile::open(&self.path, self.owner.clone())?;
        close_page(&state, run, bounds(settings))?;
        Ok(state.run(&run.run_id)?.map(|run| run.summary()))
    }

    fn open(&self) -> Result<Option<StateFile>, PortError> {
        StateFile::open_existing(&self.path, self.owner.clone())
    }
}
