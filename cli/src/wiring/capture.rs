//! Captures: a fleet's folder written, and decided again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;
use reconciler_core::adapters::fleet::{FleetFolder, FleetWriter, WrittenFleet};
use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::decisions::{CapturedRun, DecisionRecord, Difference};
use reconciler_core::manager::{CancellationToken, Reconciler, Survey};
use reconciler_core::manifest::secrets::{KnownNames, Seal};
use reconciler_core::matching::{MatchEngine, RuleChange, Rules};
use reconciler_core::model::{Catalog, layout};
use reconciler_core::scanner::{ManifestCache, Shortfall};

use super::Workbench;
use crate::failure::Failure;

/// A capture that is begun.
pub(crate) struct Capture {
    writer: FleetWriter,
}

impl Capture {
    /// Takes the folder. The key of the seal is random and forgotten: nobody can
    /// read back what is hidden, nor try guesses.
    pub(crate) fn begin(folder: &Path) -> Result<Self, Failure> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| {
            Failure::told(
                format!("no random key could be made to hide secrets with: {error}"),
                "capture on a machine whose system gives random numbers",
            )
        })?;
        Ok(Self { writer: FleetWriter::create(folder, Seal::new(&key))? })
    }

    /// Writes what the survey decided on, and what it decided. It is removed
    /// again unless it is [kept](Self::keep).
    pub(crate) async fn take(
        &mut self,
        bench: &Workbench,
        survey: &Survey,
        stop: &CancellationToken,
    ) -> Result<WrittenFleet, Failure> {
        let writer = &mut self.writer;
        let reconciler = bench.reconciler();
        let keys = bench.engine.manifest_keys();
        {
            let deployments = reconciler.revisit(survey);
            let mut deployments = std::pin::pin!(deployments);
            while let Some(deployment) = deployments.next().await {
                if stop.is_cancelled() {
                    return Err(Failure::interrupted());
                }
                let known = survey.facts.known_names(&deployment.summary);
                writer.deployment(&deployment, KnownNames { keys: Some(&keys), ..known })?;
            }
        }
        writer.catalog(&survey.facts.catalog)?;
        if let Some(index) = survey.index_slot.data() {
            writer.index(index)?;
        }
        let decisions = survey.decisions.iter().map(DecisionRecord::from).collect();
        let mut run = CapturedRun::new(env!("CARGO_PKG_VERSION"), Rules::of(&bench.engine), decisions);
        let completeness = &survey.scan.completeness;
        if !completeness.is_complete() || writer.lacks_anything() {
            run = run.incomplete(completeness.shortfalls.iter().map(kept).collect());
        }
        writer.decisions(&run)?;
        let info = &survey.scan.info;
        Ok(writer.finish(&info.name, &info.uuid, &info.version)?)
    }

    /// Lets the folder stay.
    pub(crate) fn keep(self) {
        self.writer.keep();
    }
}

/// A shortfall as it is kept: without what the Director or this machine said.
fn kept(shortfall: &Shortfall) -> String {
    match shortfall {
        Shortfall::Unconfirmed(_) => {
            Shortfall::Unconfirmed("it gave no usable answer".to_owned()).to_string()
        }
        other => other.to_string(),
    }
}

/// A fleet that was captured, with what was decided then.
pub(crate) struct CapturedFleet {
    folder: FleetFolder,
    catalog: Arc<Catalog>,
    pub(crate) run: CapturedRun,
}

impl CapturedFleet {
    /// Opens a captured fleet.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let folder = FleetFolder::open(folder)?;
        let run = folder.captured_run()?;
        refuse_wide(folder.root())?;
        let catalog = folder.catalog()?.ok_or_else(|| {
            Failure::told(
                format!("{} has no catalog", folder.root().display()),
                "capture the fleet again; a capture holds its catalog",
            )
        })?;
        Ok(Self { folder, catalog: Arc::new(catalog), run })
    }

    /// Decides it again, as a run would, and says what differs.
    pub(crate) async fn replay(
        &self,
        engine: &Arc<MatchEngine>,
        stop: &CancellationToken,
    ) -> Result<Difference, Failure> {
        let store = SqliteStore::open_in_memory()?;
        if let Some(index) = self.folder.index_object()? {
            store.seed_once(layout::INDEX, &index).await?;
        }
        let manifests = ManifestCache::default();
        let mut reconciler =
            Reconciler::new(&self.folder, &store, &manifests, Arc::clone(&self.catalog), Arc::clone(engine));
        reconciler.stop = stop.clone();
        let survey = reconciler.survey().await?;
        let now: Vec<DecisionRecord> = survey.decisions.iter().map(DecisionRecord::from).collect();
        let difference = Difference::between(&self.run.decisions, &now);
        Ok(difference.by_policies(self.run.rules.as_policy(), Some(engine.policy())))
    }

    /// In what an engine's rules differ from those of then.
    pub(crate) fn rule_changes(&self, engine: &MatchEngine) -> Vec<RuleChange> {
        self.run.rules.changes_to(&Rules::of(engine))
    }
}

/// Refuses a capture that others than its owner may read. What it holds is hidden,
/// but says all the same which instances there are, and which secrets are equal.
#[cfg(unix)]
pub(crate) fn refuse_wide(folder: &Path) -> Result<(), Failure> {
    match open_to_others(folder) {
        None => Ok(()),
        Some((file, mode)) => Err(Failure::told(
            format!("{}: others than the owner of the capture may open it (mode {mode:04o})", file.display()),
            format!("close the whole capture with `chmod 700 {}`", folder.display()),
        )),
    }
}

/// The first file below that others may open, with its mode. What is in a closed
/// folder is closed.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<(PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = std::fs::metadata(path).ok()?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return None;
    }
    if !metadata.is_dir() {
        return Some((path.to_owned(), mode));
    }
    let entries = std::fs::read_dir(path).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.iter().find_map(|path| open_to_others(path))
}

#[cfg(not(unix))]
pub(crate) fn refuse_wide(_folder: &Path) -> Result<(), Failure> {
    Ok(())
}
