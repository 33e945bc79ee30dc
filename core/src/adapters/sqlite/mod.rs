//! The embedded store and the state file, on SQLite.
