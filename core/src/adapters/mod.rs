//! The ports' implementations. Nothing but the program's wiring and the tests
//! names them.

#[cfg(feature = "bosh")]
pub mod bosh;
#[cfg(feature = "broker")]
pub mod broker;
#[cfg(feature = "fleet")]
pub mod catalog;
#[cfg(feature = "fleet")]
pub mod fleet;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "fleet")]
mod source_file;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "vault")]
pub mod vault;

#[cfg(feature = "fleet")]
pub use source_file::SourceError;
