//! What every implementation of a port has to do, checked the same way for the
//! real ones and the fakes.

pub mod secret_store;

#[cfg(test)]
mod sqlite_store;
