//! A run from start to report: scan, decide, compute, write, say what was done;
//! and one run after the other, by a schedule or on demand.

mod absences;
mod counterparts;
mod creations;
mod filter;
mod guard;
mod journal;
mod laps;
mod look;
mod memory;
mod orphans;
mod plan;
mod progress;
mod rechecks;
mod report;
mod requests;
mod retry;
mod revisit;
mod rounds;
mod run;
mod schedule;
mod status;
mod strays;
mod survey;
mod tally;
mod trigger;
mod writer;

pub use filter::{Filter, InvalidGlob};
pub use guard::guard_index;
pub use journal::{JournalBounds, close_page, decision_entry};
pub use orphans::{AbsentInstance, EntryState, StrayDeployment};
pub use plan::{Application, InvalidPlan, Plan, PlanInputs};
pub use progress::{NoProgress, Phase, Progress};
pub use report::{
    Counts, FailedInstance, GuardRefusal, InstanceOutcome, InstanceReport, OrphanReport, RunReport, Unknown,
};
pub use requests::{Asked, NoRun, Requests};
pub use retry::RetryPolicy;
pub use rounds::{Ended, Order, Round, RoundFailure, Rounds, Terms};
pub use run::{Reconciler, RunError, RunOptions};
pub use schedule::Schedule;
pub use status::{Begun, Ledger, Metrics, RecentError, RunRecord, Status};
pub use survey::{ManifestPrint, Survey};
/// Ends a run from outside.
pub use tokio_util::sync::CancellationToken;
pub use trigger::{Trigger, run_id};
