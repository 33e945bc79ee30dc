//! Strategies that a user writes in Rhai: one file, one more strategy.
//!
//! A script is functions only: `strategy()` says what it is, `assess(deployment,
//! catalog)` gives its opinion, `test_*` functions test it. [`ScriptSet`] reads
//! folders of them, [`LiveScripts`] replaces a set while the program runs;
//! [`trial`] tests them and measures what the tests reach.
//!
//! What a script can do is what the sandbox registers, within [`Limits`]: no
//! file, no environment, no network, no clock, no chance. Manifests are seen as
//! [`reconciler_core::manifest::secrets`] shows them. An error of a script is an
//! error of its step, never an opinion.

mod call;
mod case;
mod checks;
mod compiled;
mod coverage;
mod definitions;
mod excerpt;
mod failure;
mod files;
mod header;
mod host;
mod lanes;
mod limits;
mod live;
mod output;
mod place;
mod problem;
mod sandbox;
mod set;
mod source;
mod stack;
mod strategy;
mod template;
pub mod trial;
mod vocabulary;

pub use compiled::Script;
pub use coverage::Coverage;
pub use definitions::{INTERFACE, definitions};
pub use header::Header;
pub use limits::Limits;
pub use live::{LiveScripts, Reload};
pub use problem::{Frame, ScriptProblem, ScriptProblems, Severity};
pub use set::{HostFunction, ScriptOptions, ScriptSet};
pub use strategy::Examination;
pub use template::template;
