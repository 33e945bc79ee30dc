//! A manifest, parsed once into an arena that knows where everything stands.
//!
//! [`Manifest`] is the text as received and parses on first use;
//! [`Document`] is the arena; [`Node`] is a cursor into it, [`Pointer`] a path
//! through it. Parsing never fails: what is wrong with a manifest is a
//! [`ManifestProblem`] of its document, and a document with a fault is empty.
//!
//! Manifests hold passwords in plain text. [`secrets`] alone says what may be
//! shown; no `Debug` of this module prints a value.

mod build;
mod deployment;
mod document;
mod entries;
mod equality;
#[cfg(feature = "fleet")]
mod faulty;
#[cfg(test)]
mod hostile;
mod keys;
mod limits;
mod location;
mod node;
mod pointer;
mod pointer_grammar;
mod precheck;
mod problem;
mod scalar;
pub mod secrets;
mod source;
pub mod topology;

pub use deployment::Deployment;
pub use document::Document;
pub use entries::{Entries, Entry, Items};
pub use equality::same_content;
pub use limits::Limits;
pub use location::Location;
pub use node::{Node, NodeKind};
pub use pointer::{Pointer, Segment};
pub use pointer_grammar::PointerError;
pub use problem::{ManifestProblem, Severity, code};
pub use scalar::ScalarStyle;
pub use secrets::{REDACTED, Visibility, redacted};
pub use source::Manifest;
