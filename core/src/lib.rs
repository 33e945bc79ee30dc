//! Matches BOSH deployments to service instances.
//!
//! A service broker deploys each instance with BOSH and keeps records of it;
//! when the two drift apart, somebody has to say which deployment belongs to
//! which instance. That is a question of evidence: a name, a manifest, a
//! record, what a deployment is made of. Here a chain of [strategies] gives
//! opinions with a confidence and their evidence, a [policy] weighs them, and
//! the outcome is a [decision] that can be explained, repeated and tested.
//!
//! Without features this crate is the matching alone: no I/O, no async, no
//! clock. The feature `reconcile` adds the run from scanner to report over
//! ports; `fleet`, `sqlite`, `bosh`, `broker` and `vault` each add one adapter;
//! `config` the layered configuration; `testing` snapshot tests of decisions.
//!
//! [strategies]: matching::MatchStrategy
//! [policy]: matching::Policy
//! [decision]: matching::Decision
//!
//! # A strategy of one's own
//!
//! ```
//! use std::sync::Arc;
//! use reconciler_core::manifest::{Deployment, Manifest};
//! use reconciler_core::matching::{
//!     BuiltinStrategy, ChainEntry, Confidence, Evidence, Facts, Family, MatchContext, MatchEngine,
//!     MatchStrategy, Opinion, StrategyError, StrategyMeta,
//! };
//! use reconciler_core::model::{
//!     Catalog, DeploymentName, DeploymentSummary, FleetStatistics, Identity, Index, InstanceId, Plan, PlanId,
//!     Service, ServiceId,
//! };
//!
//! /// Names such as `cache_for_<uuid>` are instances of one plan.
//! #[derive(Debug, Default)]
//! struct CacheFor;
//!
//! impl BuiltinStrategy for CacheFor {
//!     const META: StrategyMeta =
//!         StrategyMeta::new("cache-for", 1, 300, Family::Name, "names such as `cache_for_<uuid>`", "");
//! }
//!
//! impl MatchStrategy for CacheFor {
//!     fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
//!         let id = context.name().strip_prefix("cache_for_").and_then(|id| InstanceId::new(id).ok());
//!         let (Some(instance), Some(plan)) = (id, context.catalog().plan("redis-small")) else {
//!             return Ok(Opinion::abstain("another name"));
//!         };
//!         let identity = Identity { instance, service: plan.service.clone(), plan: plan.id.clone() };
//!         let evidence = Evidence::in_name("name.cache-for", 0..context.name().len(), "our naming rule");
//!         Ok(Opinion::propose(identity, Confidence::per_mille(900), vec![evidence]))
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = ServiceId::new("redis")?;
//! let plan = Plan { id: PlanId::new("redis-small")?, name: "small".into(), service: service.clone(), topology: None };
//! let catalog = Catalog::new(vec![Service { id: service, name: "redis".into(), plans: vec![plan] }])?;
//! let facts = Facts::new(catalog, Index::default(), FleetStatistics::default());
//!
//! let engine = MatchEngine::builder()
//!     .with_entry(ChainEntry::new(CacheFor::META, "here", Arc::new(CacheFor))?)
//!     .build()?;
//! let name = DeploymentName::new("cache_for_1b4e28ba-2fa1-41d2-883f-0016d3cca427")?;
//! let deployment = Deployment::new(DeploymentSummary::named(name), Manifest::absent());
//! let decision = engine.decide(&deployment, &facts);
//! assert_eq!(decision.identity().map(|identity| identity.plan.as_str()), Some("redis-small"));
//! # Ok(())
//! # }
//! ```
//!
//! [`register_strategy!`] registers such a type where the program is linked,
//! and `MatchEngine::builder().with_registered()` takes all that are.

pub mod decisions;
pub mod manifest;
pub mod matching;
pub mod model;

#[cfg(any(feature = "fleet", feature = "sqlite", feature = "http"))]
pub mod adapters;
#[cfg(feature = "reconcile")]
pub mod backup;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "reconcile")]
pub mod inspection;
#[cfg(feature = "reconcile")]
pub mod manager;
#[cfg(feature = "reconcile")]
pub mod ports;
#[cfg(feature = "reconcile")]
pub mod scanner;
#[cfg(feature = "reconcile")]
pub mod synchronizer;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "reconcile")]
pub mod updater;

#[doc(hidden)]
pub mod __private {
    //! What macros of this crate expand to.
    #[cfg(feature = "testing")]
    pub use insta;
    pub use inventory;
}
