//! The ports' implementations. Nothing but the program's wiring and the tests
//! names them.

#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "vault")]
pub mod vault;
