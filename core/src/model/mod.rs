//! Values of the domain: ids, catalog, deployments, identities, records. Knows
//! nothing of manifests' text, matching, stores or clocks, and does no I/O.

pub mod catalog;
pub mod deployment;
pub mod digest;
pub mod identity;
pub mod ids;
pub mod index;
pub mod json;
pub mod layout;
pub mod recognise;
pub mod statistics;
pub mod topology;
pub mod visible;

pub use catalog::{Catalog, CatalogError, Plan, PlanNotice, Service};
pub use deployment::{DeploymentSummary, ReleaseRef, StemcellRef};
pub use identity::Identity;
pub use ids::{DeploymentName, InstanceId, InvalidId, PlanId, ServiceId, StrategyId};
pub use index::{Index, IndexEntry};
pub use json::JsonObject;
pub use statistics::FleetStatistics;
pub use topology::{Job, Topology};
pub use visible::visible;
