//! The ports' implementations. Nothing but the program's wiring and the tests
//! names them.

#[cfg(feature = "bosh")]
pub mod bosh;
#[cfg(feature = "broker")]
pub mod broker;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "sqlite")]
pub mod sqlite;
