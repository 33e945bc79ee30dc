//! The decisions of a past run, from the journal.

use reconciler_core::decisions::{DecisionRecord, Verdict};
use reconciler_core::manager::CancellationToken;
use reconciler_core::matching::Confidence;
use reconciler_core::model::{DeploymentName, Identity, InstanceId, InvalidId, PlanId, ServiceId};
use reconciler_core::ports::DecisionEntry;

use super::args::OneFleet;
use crate::args::{Flags, GlobalArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring::{self, JournalPlace};

/// A run's decisions with the fingerprint of its rules.
pub(super) struct PastRun {
    pub(super) id: String,
    pub(super) chain: String,
    pub(super) records: Vec<DecisionRecord>,
    /// Whether the run could see everything.
    pub(super) complete: bool,
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
    let journal = JournalPlace::find(&settings, stop).await?;
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
                if journal.page(&run.run_id)?.is_some_and(|(_, decisions)| decisions.is_some()) {
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
    let Some((run, decisions)) = journal.page(&wanted)? else {
        return Err(told(format!("there is no run `{}`", wanted.escape_debug())));
    };
    let Some(decisions) = decisions else {
        return Err(told(format!("run {wanted} kept no decisions")));
    };
    let records: Result<Vec<DecisionRecord>, InvalidId> = decisions.into_iter().map(record).collect();
    let records = records.map_err(|error| told(format!("run {wanted}: {error}")))?;
    let chain = run.chain.unwrap_or_else(|| "unknown".to_owned());
    Ok(PastRun { id: run.run_id, chain, records, complete: run.complete })
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
        degraded: Vec::new(),
        opinions: None,
    })
}
