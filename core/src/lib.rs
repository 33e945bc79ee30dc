//! Matches BOSH deployments to service instances.

pub mod model;

#[cfg(any(feature = "fleet", feature = "sqlite"))]
pub mod adapters;
#[cfg(feature = "reconcile")]
pub mod ports;
