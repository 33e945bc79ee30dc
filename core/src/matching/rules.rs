//! What an engine decides by, as a value that is saved, read back and compared.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{MatchEngine, Policy};
use crate::model::visible;

/// Everything that enters a chain's fingerprint, in words: two engines with the
/// same rules decide alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The fingerprint.
    pub chain: String,
    /// How opinions are weighed.
    pub policy: String,
    /// The least confidence of a match.
    pub threshold: String,
    /// The least lead over the next identity.
    pub margin: String,
    /// The strategies, in the order of the chain.
    pub strategies: Vec<StrategyRule>,
}

/// A strategy of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyRule {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its priority.
    pub priority: u16,
    /// What it draws its evidence from.
    pub family: String,
    /// What tells its content from another of the same version: a script's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Whether its failure leaves a decision as good as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tolerated: bool,
}

/// One thing in which two engines' rules differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// What differs: `threshold`, `version of uuid-pattern`, ….
    pub what: String,
    /// How it was; nothing if it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How it is; nothing if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Rules {
    /// The rules of an engine.
    #[must_use]
    pub fn of(engine: &MatchEngine) -> Self {
        let policy = engine.policy();
        let strategies = engine.chain().entries().iter().map(|entry| StrategyRule {
            id: entry.id.to_string(),
            version: entry.meta.version,
            priority: entry.meta.priority,
            family: entry.meta.family.to_string(),
            revision: entry.revision.as_deref().map(str::to_owned),
            tolerated: entry.tolerated,
        });
        Self {
            chain: engine.fingerprint().to_string(),
            policy: policy.kind.to_string(),
            threshold: policy.threshold.to_string(),
            margin: policy.margin.to_string(),
            strategies: strategies.collect(),
        }
    }

    /// How opinions are weighed, unless that was written by a later version.
    #[must_use]
    pub fn as_policy(&self) -> Option<Policy> {
        let kind = self.policy.parse().ok()?;
        Some(Policy { kind, threshold: self.threshold.parse().ok()?, margin: self.margin.parse().ok()? })
    }

    /// How opinions are weighed, for people.
    #[must_use]
    pub fn policy_in_words(&self) -> String {
        format!("{} (threshold {}, margin {})", self.policy, self.threshold, self.margin)
    }

    /// In what later rules differ from these. Nothing if the fingerprints are the
    /// same.
    #[must_use]
    pub fn changes_to(&self, later: &Self) -> Vec<RuleChange> {
        if self.chain == later.chain {
            return Vec::new();
        }
        let mut changes = Vec::new();
        let mut note = |what: &str, before: Option<&str>, after: Option<&str>| {
            if before != after {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                changes.push(RuleChange {
                    what: what.to_owned(),
                    before: owned(before),
                    after: owned(after),
                });
            }
        };
        note("policy", Some(&self.policy), Some(&later.policy));
        note("threshold", Some(&self.threshold), Some(&later.threshold));
        note("margin", Some(&self.margin), Some(&later.margin));
        let by_id = |rules: &Self| -> BTreeMap<String, StrategyRule> {
            rules.strategies.iter().map(|strategy| (strategy.id.clone(), strategy.clone())).collect()
        };
        let (ours, theirs) = (by_id(self), by_id(later));
        for id in ours.keys().chain(theirs.keys().filter(|id| !ours.contains_key(*id))) {
            let (Some(a), Some(b)) = (ours.get(id), theirs.get(id)) else {
                let shown = |rule: Option<&StrategyRule>| rule.map(ToString::to_string);
                let (a, b) = (shown(ours.get(id)), shown(theirs.get(id)));
                note(&format!("strategy {id}"), a.as_deref(), b.as_deref());
                continue;
            };
            let mut of = |what: &str, a: &str, b: &str| note(&format!("{what} of {id}"), Some(a), Some(b));
            of("version", &a.version.to_string(), &b.version.to_string());
            of("priority", &a.priority.to_string(), &b.priority.to_string());
            of("family", &a.family, &b.family);
            of("content", a.revision.as_deref().unwrap_or("-"), b.revision.as_deref().unwrap_or("-"));
            let failures = |rule: &StrategyRule| if rule.tolerated { "tolerated" } else { "degrade" };
            of("failures", failures(a), failures(b));
        }
        let order = |of: &Self, others: &BTreeMap<String, StrategyRule>| {
            let common = of.strategies.iter().filter(|one| others.contains_key(&one.id));
            common.map(|one| one.id.as_str()).collect::<Vec<_>>().join(", ")
        };
        note("order", Some(&order(self, &theirs)), Some(&order(later, &ours)));
        changes
    }
}

impl fmt::Display for StrategyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}", self.version)?;
        // The beginning of a hash tells it from any other.
        self.revision.as_ref().map_or(Ok(()), |revision| write!(f, " ({revision:.12})"))
    }
}

impl fmt::Display for RuleChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rules that were saved may come from others.
        let what = visible(&self.what);
        match (self.before.as_deref().map(visible), self.after.as_deref().map(visible)) {
            (Some(before), Some(after)) => write!(f, "{what}: {before} -> {after}"),
            (Some(before), None) => write!(f, "{what}: {before}, is not in the chain any more"),
            (None, Some(after)) => write!(f, "{what}: {after}, is new in the chain"),
            (None, None) => f.write_str(&what),
        }
    }
}
