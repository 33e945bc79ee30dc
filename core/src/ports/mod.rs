//! What the reconciler needs from the outside world: traits and the errors they
//! share. Speaks the domain's types, never HTTP or SQL.

mod absence;
mod catalog;
mod clock;
mod director;
mod error;
mod reach;
mod recollection;
mod state;
mod store;

pub use absence::{Absence, CompleteScan};
pub use catalog::CatalogSource;
pub use clock::{CLOCK_SKEW, Clock, SystemClock};
pub use director::{
    Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
};
pub use error::{PortError, PortErrorKind};
pub use reach::Reach;
pub use recollection::{
    Conclusion, Hindered, Hindrance, Left, Origin, Recollection, Recollections, Versions,
};
pub use state::{DecisionEntry, FailureEntry, LastScan, PhaseTime, RunEntry, RunState, RunSummary};
pub use store::{SecretStore, Slot, StoreAddress, Version};
