//! Writes an instance's changes, each against the version that was read.

use super::backup::BackupTaker;
use super::change::{Disposition, Finding, InstanceChange, SecretChange, Skip};
use super::instance::Observed;
use crate::model::{InstanceId, layout};
use crate::ports::{PortError, PortErrorKind, SecretStore};

/// How often an instance is read and decided again after a conflict.
const ATTEMPTS: u32 = 3;

/// What became of one instance.
#[derive(Debug)]
#[non_exhaustive]
pub enum Applied {
    /// Its records are as they should be, or would be.
    InLine {
        /// What was decided in the end; its entry belongs into the index.
        change: Box<InstanceChange>,
        /// How many secrets were written.
        writes: u32,
        /// How many archives were written before.
        backups: u32,
        /// What people should know of the archives.
        findings: Vec<Finding>,
    },
    /// Its records are left alone.
    Skipped(Skip),
}

/// An instance whose records could not be brought into line.
#[derive(Debug)]
pub struct Failure {
    /// How many secrets had been written before.
    pub writes: u32,
    /// How many archives had been written before.
    pub backups: u32,
    /// What went wrong.
    pub error: PortError,
}

/// Reads the records of an instance.
///
/// # Errors
/// If one of them cannot be read: what is unknown is not absent.
async fn observe(store: &dyn SecretStore, instance: &InstanceId) -> Result<Observed, PortError> {
    Ok(Observed {
        root: store.read(&layout::root(instance)).await?,
        manifest: store.read(&layout::manifest(instance)).await?,
        metadata: store.read(&layout::metadata(instance)).await?,
        witness: None,
    })
}

/// Reads the records of an instance, decides, and writes unless `dry_run`,
/// after `backups` has kept what stands there. Somebody else's write in between
/// means: read and decide again.
///
/// # Errors
/// If something could not be read, kept or written. What had been written
/// before stays; the next run goes on from there.
pub async fn apply(
    store: &dyn SecretStore,
    instance: &InstanceId,
    dry_run: bool,
    backups: Option<&dyn BackupTaker>,
    decide: impl Fn(&Observed) -> Disposition + Send,
) -> Result<Applied, Failure> {
    let mut done = Done::default();
    for attempt in 1.. {
        let mut observed = observe(store, instance).await.map_err(|error| done.failed(error))?;
        let mut disposition = decide(&observed);
        if matches!(disposition, Disposition::AskTheBroker) {
            let witness = store.read(&layout::deployment(instance)).await;
            observed.witness = Some(witness.map_err(|error| done.failed(error))?);
            disposition = decide(&observed);
        }
        let change = match disposition {
            Disposition::Reconcile(change) => change,
            Disposition::Skip(skip) => return Ok(Applied::Skipped(skip)),
            Disposition::AskTheBroker => unreachable!("the broker's word has been heard, whatever it is"),
        };
        // On a later attempt what stands there was kept before, unless somebody
        // else's write is to be changed now.
        if let Some(backups) = backups.filter(|_| !dry_run && (attempt == 1 || !change.secrets.is_empty())) {
            let backup = backups.take(&observed, &change).await;
            let backup = backup.map_err(|error| done.failed(not_kept(instance, error)))?;
            done.backups += u32::from(backup.written);
            done.findings.extend(backup.findings);
        }
        let written = if dry_run { Ok(()) } else { write_all(store, &change, &mut done.writes).await };
        match written {
            Ok(()) => {
                let Done { writes, backups, findings } = done;
                return Ok(Applied::InLine { change, writes, backups, findings });
            }
            // An ambiguous write is settled by reading again: either it is
            // there, and the next decision finds nothing to do, or it is not.
            Err(error)
                if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::Ambiguous)
                    && attempt < ATTEMPTS => {}
            Err(error) => return Err(done.failed(error)),
        }
    }
    unreachable!("the loop ends in one of its attempts")
}

/// What was done so far.
#[derive(Debug, Default)]
struct Done {
    writes: u32,
    backups: u32,
    findings: Vec<Finding>,
}

impl Done {
    fn failed(&self, error: PortError) -> Failure {
        Failure { writes: self.writes, backups: self.backups, error }
    }
}

/// Says what the failure of a backup means for the instance.
fn not_kept(instance: &InstanceId, error: PortError) -> PortError {
    let advice = error.advice.clone();
    let failure = PortError::new(
        error.kind,
        "back up the records of",
        instance.as_str(),
        format!("nothing of it was written: {error}"),
    );
    match advice {
        Some(advice) => failure.with_advice(advice).with_source(error),
        None => failure.with_source(error),
    }
}

async fn write_all(
    store: &dyn SecretStore,
    change: &InstanceChange,
    writes: &mut u32,
) -> Result<(), PortError> {
    for SecretChange { path, expected, after, .. } in &change.secrets {
        store.write(path, after, *expected).await?;
        *writes += 1;
    }
    Ok(())
}
