//! Matches BOSH deployments to service instances.

pub mod manifest;
