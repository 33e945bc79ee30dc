//! Matches BOSH deployments to service instances.

pub mod manifest;
pub mod matching;
pub mod model;

#[cfg(any(feature = "fleet", feature = "sqlite", feature = "http"))]
pub mod adapters;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "reconcile")]
pub mod manager;
#[cfg(feature = "reconcile")]
pub mod ports;
#[cfg(feature = "reconcile")]
pub mod scanner;
#[cfg(feature = "reconcile")]
pub mod synchronizer;
#[cfg(feature = "reconcile")]
pub mod updater;

#[doc(hidden)]
pub mod __private {
    //! What macros of this crate expand to.
    pub use inventory;
}
