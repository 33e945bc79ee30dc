//! A run from start to report: scan, decide, compute, write, say what was done.

mod absences;
mod counterparts;
mod creations;
mod filter;
mod look;
mod orphans;
mod plan;
mod progress;
mod report;
mod run;
mod strays;
mod survey;
mod tally;
mod writer;

pub use filter::{Filter, InvalidGlob};
pub use orphans::{AbsentInstance, EntryState, StrayDeployment};
pub use plan::{Application, InvalidPlan, Plan, PlanInputs};
pub use progress::{NoProgress, Phase, Progress};
pub use report::{
    Counts, FailedInstance, GuardRefusal, InstanceOutcome, InstanceReport, OrphanReport, RunReport, Unknown,
};
pub use run::{Reconciler, RunError, RunOptions};
pub use survey::{ManifestPrint, Survey};
/// Ends a run from outside.
pub use tokio_util::sync::CancellationToken;
