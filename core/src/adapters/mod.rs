//! The ports' implementations. Nothing but the program's wiring and the tests
//! names them.

#[cfg(feature = "sqlite")]
pub mod sqlite;
