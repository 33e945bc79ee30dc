//! The ordered strategies of a run. The one place that decides their order.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use super::{MatchStrategy, StrategyMeta};
use crate::model::{InvalidId, StrategyId};

/// A strategy with what is known about it.
#[derive(Debug, Clone)]
pub struct ChainEntry {
    /// Its id, checked.
    pub id: StrategyId,
    /// What is known about it.
    pub meta: StrategyMeta,
    /// Where it comes from: a source file and line, or a script's file.
    pub origin: Cow<'static, str>,
    /// The strategy.
    pub strategy: Arc<dyn MatchStrategy>,
    /// What tells its content from an earlier one of the same version, for a
    /// strategy that can change while the program runs.
    pub revision: Option<Arc<str>>,
    /// Whether its failure leaves the decision as good as it is.
    pub tolerated: bool,
}

impl ChainEntry {
    /// A strategy for the chain.
    ///
    /// # Errors
    /// If its id is not valid.
    pub fn new(
        meta: StrategyMeta,
        origin: impl Into<Cow<'static, str>>,
        strategy: Arc<dyn MatchStrategy>,
    ) -> Result<Self, ChainError> {
        let origin = origin.into();
        let id = StrategyId::new(&meta.id)
            .map_err(|source| ChainError::InvalidId { origin: origin.to_string(), source })?;
        Ok(Self { id, meta, origin, strategy, revision: None, tolerated: false })
    }

    /// The same strategy, told from others of its version by this text.
    #[must_use]
    pub fn with_revision(mut self, revision: impl Into<Arc<str>>) -> Self {
        self.revision = Some(revision.into());
        self
    }

    /// The same strategy; whether its failure is seen, but does not degrade the
    /// decision.
    #[must_use]
    pub fn tolerated(mut self, tolerated: bool) -> Self {
        self.tolerated = tolerated;
        self
    }
}

/// A chain that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No strategy is compiled in: the crate that holds them was not linked.
    #[error(
        "no match strategy is linked into this program; \
         name the crate that holds them, as in `use reconciler_strategies as _;`"
    )]
    NothingLinked,
    /// Two strategies share an id.
    #[error("strategy id `{id}` is used twice, in {first} and in {second}; give one of them another id")]
    Duplicate {
        /// The id.
        id: StrategyId,
        /// Where the first comes from.
        first: String,
        /// Where the second comes from.
        second: String,
    },
    /// A name that no strategy has.
    #[error("there is no strategy `{name}`{}; there are: {}", nearest_hint(.nearest.as_deref()), .known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The most similar id.
        nearest: Option<String>,
        /// All ids.
        known: Vec<String>,
    },
    /// The same strategy was asked for twice.
    #[error("strategy `{0}` is listed twice; list it once")]
    Repeated(StrategyId),
    /// An empty list was asked for.
    #[error("the list of strategies is empty; name at least one, or leave the list out for all")]
    Empty,
    /// A strategy's id breaks the rule for ids.
    #[error("the strategy in {origin} has no valid id")]
    InvalidId {
        /// Where the strategy comes from.
        origin: String,
        /// Which rule it breaks.
        source: InvalidId,
    },
}

fn nearest_hint(nearest: Option<&str>) -> String {
    nearest.map(|id| format!(", did you mean `{id}`?")).unwrap_or_default()
}

/// Sorts by priority, then id, and refuses a repeated id.
pub(super) fn ordered(mut entries: Vec<ChainEntry>) -> Result<Vec<ChainEntry>, ChainError> {
    entries.sort_by(|a, b| {
        (Reverse(a.meta.priority), &a.id, &a.origin).cmp(&(Reverse(b.meta.priority), &b.id, &b.origin))
    });
    for (at, entry) in entries.iter().enumerate() {
        if let Some(first) = entries[..at].iter().find(|earlier| earlier.id == entry.id) {
            return Err(ChainError::Duplicate {
                id: entry.id.clone(),
                first: first.origin.to_string(),
                second: entry.origin.to_string(),
            });
        }
    }
    Ok(entries)
}

/// Identifies a chain with its policy: ids, versions, priorities, order and
/// thresholds. Two decisions with the same fingerprint were made by the same
/// rules.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainFingerprint(pub(super) u64);

impl fmt::Display for ChainFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for ChainFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for ChainFingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The strategies of a run, in order.
#[derive(Debug, Clone)]
pub struct Chain {
    entries: Vec<ChainEntry>,
}

impl Chain {
    /// All of the strategies, by priority.
    ///
    /// # Errors
    /// If there is none or two share an id.
    pub fn of(entries: Vec<ChainEntry>) -> Result<Self, ChainError> {
        if entries.is_empty() {
            return Err(ChainError::NothingLinked);
        }
        Ok(Self { entries: ordered(entries)? })
    }

    /// Exactly the named strategies, in the order named.
    ///
    /// # Errors
    /// If a name is unknown or repeated, or there is none.
    pub fn select<S: AsRef<str>>(self, names: &[S]) -> Result<Self, ChainError> {
        if names.is_empty() {
            return Err(ChainError::Empty);
        }
        let mut selected: Vec<ChainEntry> = Vec::with_capacity(names.len());
        for name in names {
            let name = name.as_ref().trim();
            let entry = self.entries.iter().find(|entry| entry.id.as_str() == name).ok_or_else(|| {
                let known: Vec<String> = self.entries.iter().map(|e| e.id.to_string()).collect();
                ChainError::Unknown { name: name.to_owned(), nearest: nearest(name, &known), known }
            })?;
            if selected.iter().any(|earlier| earlier.id == entry.id) {
                return Err(ChainError::Repeated(entry.id.clone()));
            }
            selected.push(entry.clone());
        }
        Ok(Self { entries: selected })
    }

    /// The strategies in order.
    #[must_use]
    pub fn entries(&self) -> &[ChainEntry] {
        &self.entries
    }
}

/// The most similar of the known names, if any is similar at all.
#[must_use]
pub fn nearest(name: &str, known: &[String]) -> Option<String> {
    const SIMILAR: f64 = 0.7;
    known
        .iter()
        .map(|id| (strsim::jaro_winkler(name, id), id))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, id)| id.clone())
}

/// 64-bit FNV-1a: the standard hasher may change between releases of Rust.
pub(super) struct Fnv(pub(super) u64);

impl Fnv {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a field; the byte behind it keeps `ab`,`c` apart from `a`,`bc`.
    pub(super) fn field(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain([&0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
