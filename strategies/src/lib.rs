//! The built-in match strategies, one a file.
//!
//! They announce themselves when the program is linked; a program that wants
//! them says `use reconciler_strategies as _;`. With the feature `scripts`,
//! [`script`] makes further ones out of a user's Rhai files.

mod instance;
mod manifest_metadata;
mod name_heuristics;
mod release_based;
#[cfg(feature = "scripts")]
pub mod script;
mod stored_record;
#[cfg(test)]
mod testing;
mod uuid_pattern;

/// The ids of all strategies of this crate, so that a test can tell whether the
/// linker brought them along.
pub const EXPECTED: &[&str] =
    &["manifest-metadata", "stored-record", "uuid-pattern", "release-based", "name-heuristics"];
