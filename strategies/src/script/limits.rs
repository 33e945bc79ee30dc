//! What a script may take: every limit of the sandbox, in one table.

use std::time::Duration;

/// What a script may take. A script that goes over one of these ends there, and
/// its step has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Steps of a call, as Rhai counts them. This is the limit that decides, the
    /// same on every machine.
    pub operations: u64,
    /// The time of a call. A net for what the operations do not count; a call
    /// that is caught by it would end elsewhere on another machine.
    pub wall_clock: Duration,
    /// Work of the functions that are offered to scripts, in bytes looked at:
    /// one operation of Rhai's may stand for any amount of it.
    pub work: u64,
    /// Functions that call each other.
    pub call_levels: usize,
    /// How deeply the expressions of a function nest.
    pub expression_depth: usize,
    /// Bytes of a text, all texts of a list counted together.
    pub text: usize,
    /// Items of a list, those of lists in it included.
    pub list: usize,
    /// Entries of a map, those of maps in it included.
    pub map: usize,
    /// Variables at a time.
    pub variables: usize,
    /// Functions of a script.
    pub functions: usize,
    /// Bytes of a script's file.
    pub file: usize,
    /// Proposals of a call.
    pub proposals: usize,
    /// Reasons of a proposal.
    pub reasons: usize,
    /// Characters of a regular expression.
    pub pattern: usize,
    /// Bytes of a compiled regular expression.
    pub compiled_pattern: usize,
}

impl Limits {
    /// The limits of every script. Real ones take a few hundred operations.
    pub const STANDARD: Self = Self {
        operations: 50_000,
        wall_clock: Duration::from_secs(2),
        work: 4_000_000,
        call_levels: 16,
        expression_depth: 32,
        text: 4 * 1024,
        list: 1024,
        map: 256,
        variables: 64,
        functions: 64,
        file: 64 * 1024,
        proposals: 16,
        reasons: 16,
        pattern: 256,
        compiled_pattern: 64 * 1024,
    };
}
