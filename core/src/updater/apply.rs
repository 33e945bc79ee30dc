//! Writes an instance's changes, each against the version that was read.

use super::backup::BackupTaker;
use super::change::{Disposition, Finding, InstanceChange, SecretChange, Skip};
use super::director_again::DirectorAgain;
use super::index_again::IndexAgain;
use super::instance::Observed;
use super::times::{Creation, CreationTimes};
use crate::model::{DeploymentName, Index, InstanceId, layout};
use crate::ports::{PortError, PortErrorKind, SecretStore, Version, Versions};

/// How often an instance is read and decided again after a conflict.
const ATTEMPTS: u32 = 3;

/// What became of one instance, and what was done for it.
#[derive(Debug)]
pub struct Applied {
    /// What was decided in the end.
    pub settled: Settled,
    /// What was done, over all attempts.
    pub done: Done,
}

/// What was decided about an instance in the end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settled {
    /// Its records are as they should be, or would be; its entry belongs into
    /// the index.
    InLine {
        /// What was to be changed.
        change: Box<InstanceChange>,
        /// What that was computed from.
        observed: Box<Observed>,
        /// The versions of the records as they stand now.
        versions: Versions,
    },
    /// Its records are left alone.
    Skipped(Skip),
}

/// What was done for an instance.
#[derive(Debug, Default)]
pub struct Done {
    /// The secrets that were written.
    pub written: Vec<SecretChange>,
    /// How many archives were written before.
    pub backups: u32,
    /// What people should know of the archives.
    pub findings: Vec<Finding>,
    /// The write whose fate nobody knows yet.
    unsettled: Option<SecretChange>,
    /// The versions of the records that an archive holds already.
    kept: Option<Versions>,
}

/// An instance whose records could not be brought into line.
#[derive(Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: PortError,
    /// What had been done before.
    pub done: Done,
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
        creation: None,
    })
}

/// Whose records are to be brought into line.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The instance.
    pub instance: &'a InstanceId,
    /// Its deployment.
    pub deployment: &'a DeploymentName,
    /// The versions of the records as the last run left them, if that is known.
    pub left: Option<Versions>,
    /// Whether the index entry, as it was read, says that we wrote them before.
    pub is_known: bool,
}

impl Subject<'_> {
    /// Whether somebody else wrote the records since our last run, as far as
    /// can be told. If nothing is remembered, records of ours may be restored
    /// ones; what was never ours was not.
    fn is_moved(&self, observed: &Observed) -> bool {
        match self.left {
            Some(left) => left != observed.versions(),
            None => self.is_known || observed.bears_our_stamp(),
        }
    }
}

/// Brings instances' records into line.
#[derive(Debug, Clone, Copy)]
pub struct Applier<'a> {
    /// Where the records are.
    pub store: &'a dyn SecretStore,
    /// Keeps what stands there before it is changed; without it, nobody does.
    pub backups: Option<&'a dyn BackupTaker>,
    /// Reads the index again for all.
    pub index: &'a IndexAgain<'a>,
    /// Asks the Director once more before what somebody else wrote is replaced.
    pub director: &'a dyn DirectorAgain,
    /// Knows when deployments were made; without it, nobody is asked.
    pub creations: Option<&'a dyn CreationTimes>,
    /// Whether index and Director are asked again before the first attempt
    /// already: it is some time ago that the run asked them.
    pub afresh: bool,
    /// Whether nothing may be written.
    pub dry_run: bool,
}

impl Applier<'_> {
    /// Reads the records of a deployment's instance, decides, and writes unless
    /// it is a dry run. Somebody else's write in between means: read and decide
    /// again. Whoever wrote may have noted it in the index as well: a restore, a
    /// deprovision. So the index is read again too and handed to the decision;
    /// on the first attempt already, if the records are not as our last run left
    /// them. Nor is a manifest replaced then before the Director said once more
    /// that it is the newer one.
    ///
    /// # Errors
    /// If something could not be read, kept or written. What had been written
    /// before stays; the next run goes on from there.
    pub async fn apply(
        &self,
        subject: Subject<'_>,
        decide: impl Fn(&Observed, Option<&Index>) -> Disposition + Send,
    ) -> Result<Applied, Failure> {
        let mut done = Done::default();
        for attempt in 1.. {
            let first = attempt == 1;
            match self.settle(subject, &decide, first, &mut done).await {
                Ok(settled) => return Ok(Applied { settled, done }),
                // An ambiguous write is settled by reading again: either it is
                // there, and the next decision finds nothing to do, or it is
                // not.
                Err(error)
                    if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::Ambiguous)
                        && attempt < ATTEMPTS => {}
                Err(error) => return Err(Failure { error, done }),
            }
        }
        unreachable!("the loop ends in one of its attempts")
    }

    /// One attempt: read, decide, keep, write.
    async fn settle(
        &self,
        subject: Subject<'_>,
        decide: &(impl Fn(&Observed, Option<&Index>) -> Disposition + Send),
        first: bool,
        done: &mut Done,
    ) -> Result<Settled, PortError> {
        let Subject { instance, deployment, .. } = subject;
        let mut observed = observe(self.store, instance).await?;
        // It took place, and is told as such.
        done.written.extend(done.unsettled.take().filter(|secret| is_there(secret, &observed, instance)));
        // After the records: whoever restores notes the hold before it writes
        // them.
        let mut index = if first && !self.afresh { None } else { Some(self.index.now().await?) };
        // Each question is asked once: its answer is heard, whatever it is.
        let change = loop {
            match decide(&observed, index.as_deref()) {
                Disposition::Reconcile(change)
                    if index.is_none() && !change.secrets.is_empty() && subject.is_moved(&observed) =>
                {
                    index = Some(self.index.now().await?);
                }
                Disposition::Reconcile(change) => break change,
                Disposition::Skip(skip) => return Ok(Settled::Skipped(skip)),
                Disposition::AskTheBroker => {
                    observed.witness = Some(self.store.read(&layout::deployment(instance)).await?);
                }
                Disposition::AskTheDirector => {
                    observed.creation = Some(match self.creations {
                        Some(creations) => creations.of(deployment).await,
                        None => Creation::Unknown,
                    });
                }
            }
        };
        let mut versions = observed.versions();
        if self.dry_run {
            return Ok(Settled::InLine { change, observed: Box::new(observed), versions });
        }
        // What the Director said may be older than what somebody else stored.
        let replaces = subject.left != Some(versions) && change.replaces_manifest();
        if (replaces || self.afresh && !change.secrets.is_empty())
            && let Some(finding) = self.director.has_moved(deployment).await?
        {
            return Ok(Settled::Skipped(finding.into()));
        }
        // On a later attempt what stands there was kept before, unless somebody
        // else's write is to be changed now.
        let is_kept = done.kept == Some(versions) || !first && change.secrets.is_empty();
        if let Some(backups) = self.backups.filter(|_| !is_kept) {
            let backup = backups.take(&observed, &change).await.map_err(|error| not_kept(instance, error))?;
            done.kept = Some(versions);
            done.backups += u32::from(backup.written);
            done.findings.extend(backup.findings);
            if backup.overtaken && index.is_none() {
                let reason = "somebody else keeps an archive of it: perhaps it is being restored";
                return Err(PortError::new(PortErrorKind::Conflict, "write", instance.as_str(), reason));
            }
        }
        for secret in &change.secrets {
            match self.store.write(&secret.path, &secret.after, secret.expected).await {
                Ok(version) => note(&mut versions, instance, &secret.path, version),
                Err(error) => {
                    done.unsettled = (error.kind == PortErrorKind::Ambiguous).then(|| secret.clone());
                    return Err(error);
                }
            }
            done.written.push(secret.clone());
        }
        Ok(Settled::InLine { change, observed: Box::new(observed), versions })
    }
}

/// Notes the version of what was written.
fn note(versions: &mut Versions, instance: &InstanceId, path: &str, version: Version) {
    let paths = [layout::root(instance), layout::manifest(instance), layout::metadata(instance)];
    let written = versions.iter_mut().zip(paths).filter(|(_, one)| one == path);
    written.for_each(|(now, _)| *now = version);
}

/// Whether what was to be written stands there.
fn is_there(secret: &SecretChange, observed: &Observed, instance: &InstanceId) -> bool {
    let slots = [
        (layout::root(instance), &observed.root),
        (layout::manifest(instance), &observed.manifest),
        (layout::metadata(instance), &observed.metadata),
    ];
    slots.iter().any(|(path, slot)| {
        *path == secret.path && slot.version() > secret.expected && slot.data() == Some(&secret.after)
    })
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
