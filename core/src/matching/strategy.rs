//! The trait a strategy implements, and what is known about it from outside.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Family, MatchContext, Opinion};

/// Looks at one deployment and gives an opinion.
///
/// A strategy is pure: it knows nothing but what the context shows, keeps
/// nothing between calls, and does no I/O. So the same input gives the same
/// opinion on every thread, machine and day, and a decision can be repeated.
/// Whatever it needs is read before the chain runs.
pub trait MatchStrategy: fmt::Debug + Send + Sync + 'static {
    /// Looks at one deployment.
    ///
    /// # Errors
    /// If the strategy could not do its work. That is not an abstention: the
    /// decision is degraded, and a degraded decision is not written.
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError>;

    /// The keys of manifests that it asks for by name at places where values are
    /// secret. A capture hides all other keys there, so that a strategy that asks
    /// for more decides otherwise of a capture; the capture says so.
    fn manifest_keys(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

/// Where in the chain a strategy stands if nobody says otherwise: higher first.
pub mod priority {
    /// The manifest itself names the identity.
    pub const IDENTITY: u16 = 900;
    /// A whole name is what the broker would have made.
    pub const EXACT: u16 = 800;
    /// Something fits.
    pub const INFERRED: u16 = 500;
    /// A guess.
    pub const HEURISTIC: u16 = 200;
    /// A script that says nothing about its place.
    pub const SCRIPT_DEFAULT: u16 = 100;
}

/// What is known about a strategy without running it. It stands outside the
/// trait, so that a strategy cannot change its name or place while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrategyMeta {
    /// Its id: kebab-case, unique in the chain.
    pub id: Cow<'static, str>,
    /// Grows whenever its opinions change.
    pub version: u32,
    /// Its place in the chain, higher first; see [`priority`].
    pub priority: u16,
    /// What it draws its evidence from.
    pub family: Family,
    /// One line.
    pub summary: Cow<'static, str>,
    /// What it looks at, when it proposes, when it abstains, an example.
    pub doc: Cow<'static, str>,
}

impl StrategyMeta {
    /// The description of a strategy that is compiled in.
    #[must_use]
    pub const fn new(
        id: &'static str,
        version: u32,
        priority: u16,
        family: Family,
        summary: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            id: Cow::Borrowed(id),
            version,
            priority,
            family,
            summary: Cow::Borrowed(summary),
            doc: Cow::Borrowed(doc),
        }
    }

    /// The description of a strategy that is known only once the program runs.
    #[must_use]
    pub fn owned(
        id: String,
        version: u32,
        priority: u16,
        family: Family,
        summary: String,
        doc: String,
    ) -> Self {
        Self { id: id.into(), version, priority, family, summary: summary.into(), doc: doc.into() }
    }
}

/// A strategy that is compiled in and registers itself with
/// [`register_strategy!`](crate::register_strategy).
pub trait BuiltinStrategy: MatchStrategy + Default {
    /// What is known about it.
    const META: StrategyMeta;
}

/// A strategy that could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrategyError {
    /// It panicked.
    #[error("the strategy panicked: {0}")]
    Panicked(String),
    /// It proposed something that cannot be.
    #[error("the strategy proposed {identity}, but {why}")]
    Inadmissible {
        /// What it proposed.
        identity: String,
        /// Why that cannot be.
        why: &'static str,
    },
    /// It took more than it may have: too many steps, too much memory, too long.
    #[error("{message}")]
    OverLimit {
        /// A stable dotted code that names the limit.
        code: Cow<'static, str>,
        /// Which limit, where, and what to do.
        message: String,
    },
    /// It was not asked: it went over its limits too often in this run.
    #[error(
        "the strategy is suspended for the rest of this run: it went over its limits {} times in a row; at last: {last}",
        super::OVER_LIMITS_IN_A_ROW
    )]
    Suspended {
        /// The failure after which it was not asked again.
        last: Arc<str>,
    },
    /// Something else, in its own words.
    #[error("{message}")]
    Other {
        /// A stable dotted code.
        code: Cow<'static, str>,
        /// What happened, where, and what to do.
        message: String,
    },
}

impl StrategyError {
    /// A stable dotted code for metrics and JSON.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Panicked(_) => "strategy.panicked",
            Self::Inadmissible { .. } => "strategy.inadmissible",
            Self::Suspended { .. } => "strategy.suspended",
            Self::OverLimit { code, .. } | Self::Other { code, .. } => code,
        }
    }
}
