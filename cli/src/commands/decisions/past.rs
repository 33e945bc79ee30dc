//! The decisions of a past run, from the journal.

use reconciler_core::config::keys;
use reconciler_core::decisions::{DecisionRecord, Degraded, Verdict};
use reconciler_core::manager::{CancellationToken, Unknown};
use reconciler_core::matching::{Confidence, Rules};
use reconciler_core::model::{DeploymentName, Identity, InstanceId, InvalidId, PlanId, ServiceId};
use reconciler_core::ports::{DecisionEntry, FailureEntry, RunEntry};

use super::args::OneFleet;
use crate::args::{Flags, GlobalArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, JournalPlace, RunPage};

/// The code of the findings that say what a scan as a whole could not see.
const SHORTFALL: &str = "scan.incomplete";

/// A run's decisions with the fingerprint of its rules.
pub(super) struct PastRun {
    pub(super) id: String,
    pub(super) chain: String,
    /// The rules, unless an older release made the run.
    pub(super) rules: Option<Rules>,
    /// The fingerprint of the index that it decided by; likewise.
    pub(super) index: Option<String>,
    pub(super) records: Vec<DecisionRecord>,
    /// Whether the run could see everything. A manifest that was read and is
    /// broken was seen.
    pub(super) complete: bool,
    /// What it could not see.
    pub(super) unknown: Vec<Unknown>,
}

/// Reads a run of the journal, `latest` for the newest that decided anything.
/// Whose journal it is says the fleet of the other side, else the settings.
pub(super) async fn read(
    global: &GlobalArgs,
    id: &str,
    fleet: Option<OneFleet<'_>>,
    stop: &CancellationToken,
    output: &mut Output,
) -> Result<PastRun, Failure> {
    let flags: Vec<&dyn Flags> = fleet.iter().map(|fleet| fleet as &dyn Flags).collect();
    let settings = wiring::settings(global, &flags, output)?;
    let journal = match JournalPlace::without_asking(&settings).await? {
        Some(journal) => journal,
        None if settings.text(keys::DIRECTOR_ENVIRONMENT).is_none() => {
            return Err(Failure::told(
                format!("run:{id}: nothing says in whose journal the run is"),
                "put the fleet's folder on the other side, or name `fleet`, `director.environment` or \
                 `state.path` in the configuration",
            ));
        }
        None => JournalPlace::find(&settings, stop).await?,
    };
    if !journal.exists()? {
        return Err(Failure::told(
            format!("run:{id}: there is no journal of runs at {}", journal.address()),
            "the first `reconciler run` makes it; a journal elsewhere is named by `state.path` in the \
             configuration or BLACKSMITH_RECONCILER_STATE_PATH",
        ));
    }
    let advice = "`reconciler status` shows the runs there are";
    let wanted = match id {
        "latest" => {
            // One that was interrupted has decided nothing.
            let finished = journal.runs(usize::MAX)?.into_iter().filter(|run| run.finished_at.is_some());
            let mut newest = None;
            for run in finished {
                newest.get_or_insert_with(|| run.run_id.clone());
                if journal.page(&run.run_id)?.is_some_and(|page| page.decisions.is_some()) {
                    newest = Some(run.run_id);
                    break;
                }
            }
            newest
        }
        id => Some(id.to_owned()),
    };
    let told = |what: String| Failure::told(format!("{}: {what}", journal.address()), advice);
    let Some(wanted) = wanted else { return Err(told("no run has finished yet".to_owned())) };
    let Some(RunPage { run, decisions, rules }) = journal.page(&wanted)? else {
        return Err(told(format!("there is no run `{}`", wanted.escape_debug())));
    };
    let Some(decisions) = decisions else {
        return Err(told(format!("run {wanted} kept no decisions")));
    };
    let mut unknown: Vec<Unknown> = shortfalls(&run).collect();
    unknown.extend(decisions.iter().filter_map(unread));
    let records: Result<Vec<DecisionRecord>, InvalidId> = decisions.into_iter().map(record).collect();
    let records = records.map_err(|error| told(format!("run {wanted}: {error}")))?;
    // What a run had to leave unwritten is no gap in what it saw. Where not all
    // findings were kept, one that tells of a gap may be lacking.
    let tells_all = run.summary().findings == run.findings.len();
    let complete = unknown.is_empty() && (run.complete || tells_all);
    let chain = run.chain.unwrap_or_else(|| "unknown".to_owned());
    Ok(PastRun { id: run.run_id, chain, rules, index: run.index, records, complete, unknown })
}

/// What the run as a whole could not see.
fn shortfalls(run: &RunEntry) -> impl Iterator<Item = Unknown> {
    let of_scan = run.findings.iter().filter(|finding| finding.text("code").as_deref() == Some(SHORTFALL));
    of_scan.map(|finding| Unknown {
        deployment: finding.text("subject").unwrap_or_else(|| run.run_id.clone()),
        why: finding.text("message").unwrap_or_else(|| "not everything could be seen".to_owned()),
    })
}

/// Why it is not known how a deployment was decided, if so.
fn unread(entry: &DecisionEntry) -> Option<Unknown> {
    let why = if entry.degraded && entry.degraded_by.is_empty() {
        "an older release kept that something failed, and not what: it may not have been read"
    } else if entry.degraded_by.iter().cloned().map(degraded).any(|one| one.is_unread()) {
        "it could not be read when the run decided"
    } else {
        return None;
    };
    Some(Unknown { deployment: entry.deployment.clone(), why: why.to_owned() })
}

fn degraded(failure: FailureEntry) -> Degraded {
    Degraded { by: failure.by, code: failure.code }
}

/// Who said what, and who holds a claimed instance, is not in the journal.
fn record(entry: DecisionEntry) -> Result<DecisionRecord, InvalidId> {
    let verdict = match entry.outcome.as_str() {
        "matched" => Verdict::Matched,
        "review" => Verdict::Review { reason: entry.reason.unwrap_or_default(), holder: None },
        _ => Verdict::Unmatched,
    };
    let identity = match (entry.service, entry.plan, entry.instance) {
        (Some(service), Some(plan), Some(instance)) => Some(Identity {
            service: ServiceId::new(service)?,
            plan: PlanId::new(plan)?,
            instance: InstanceId::new(instance)?,
        }),
        _ => None,
    };
    Ok(DecisionRecord {
        deployment: DeploymentName::new(entry.deployment)?,
        verdict,
        identity,
        confidence: entry.confidence.and_then(Confidence::from_unit),
        degraded: entry.degraded_by.into_iter().map(degraded).collect(),
        opinions: None,
    })
}
