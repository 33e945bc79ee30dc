//! Writes an instance's changes, each against the version that was read.

use super::change::{Disposition, InstanceChange, SecretChange, Skip};
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
    },
    /// Its records are left alone.
    Skipped(Skip),
}

/// An instance whose records could not be brought into line.
#[derive(Debug)]
pub struct Failure {
    /// How many secrets had been written before.
    pub writes: u32,
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

/// Reads the records of an instance, decides, and writes unless `dry_run`.
/// Somebody else's write in between means: read and decide again.
///
/// # Errors
/// If something could not be read or written. What had been written before
/// stays; the next run goes on from there.
pub async fn apply(
    store: &dyn SecretStore,
    instance: &InstanceId,
    dry_run: bool,
    decide: impl Fn(&Observed) -> Disposition + Send,
) -> Result<Applied, Failure> {
    let mut writes = 0;
    for attempt in 1.. {
        let mut observed = observe(store, instance).await.map_err(|error| Failure { writes, error })?;
        let mut disposition = decide(&observed);
        if matches!(disposition, Disposition::AskTheBroker) {
            let witness = store.read(&layout::deployment(instance)).await;
            observed.witness = Some(witness.map_err(|error| Failure { writes, error })?);
            disposition = decide(&observed);
        }
        let change = match disposition {
            Disposition::Reconcile(change) => change,
            Disposition::Skip(skip) => return Ok(Applied::Skipped(skip)),
            Disposition::AskTheBroker => unreachable!("the broker's word has been heard, whatever it is"),
        };
        let written = if dry_run { Ok(()) } else { write_all(store, &change, &mut writes).await };
        match written {
            Ok(()) => return Ok(Applied::InLine { change, writes }),
            // An ambiguous write is settled by reading again: either it is
            // there, and the next decision finds nothing to do, or it is not.
            Err(error)
                if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::Ambiguous)
                    && attempt < ATTEMPTS => {}
            Err(error) => return Err(Failure { writes, error }),
        }
    }
    unreachable!("the loop ends in one of its attempts")
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
