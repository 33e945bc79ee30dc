//! Matches BOSH deployments to service instances.

pub mod model;

#[cfg(any(feature = "fleet", feature = "sqlite", feature = "http"))]
pub mod adapters;
#[cfg(feature = "reconcile")]
pub mod ports;
