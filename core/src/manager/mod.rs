//! A run from start to report: scan, decide, compute, write, say what was done.

mod creations;
mod filter;
mod look;
mod plan;
mod progress;
mod report;
mod run;
mod survey;
mod tally;
mod writer;

pub use filter::{Filter, InvalidGlob};
pub use plan::{Application, InvalidPlan, Plan, PlanInputs};
pub use progress::{NoProgress, Phase, Progress};
pub use report::{Counts, FailedInstance, InstanceOutcome, InstanceReport, RunReport, Unknown};
pub use run::{Reconciler, RunError, RunOptions};
pub use survey::{ManifestPrint, Survey};
/// Ends a run from outside.
pub use tokio_util::sync::CancellationToken;
