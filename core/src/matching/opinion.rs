//! What a strategy says about one deployment.

use std::borrow::Cow;

use super::{Confidence, Evidence};
use crate::model::Identity;

/// One identity the deployment may have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proposal {
    /// Whose deployment it is.
    pub identity: Identity,
    /// How sure the strategy is.
    pub confidence: Confidence,
    /// Why.
    pub evidence: Vec<Evidence>,
}

impl Proposal {
    /// Proposes an identity.
    #[must_use]
    pub fn new(identity: Identity, confidence: Confidence, evidence: Vec<Evidence>) -> Self {
        Self { identity, confidence, evidence }
    }
}

/// What a strategy says. An error is none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opinion {
    /// The input says nothing to this strategy.
    Abstain {
        /// Why not, in a few words.
        why: Cow<'static, str>,
    },
    /// One identity, or several: ambiguity is stated, not resolved by the order
    /// of a catalog.
    Propose(Vec<Proposal>),
    /// Positive knowledge that an identity is wrong.
    Veto {
        /// The wrong identity.
        identity: Identity,
        /// Why it is wrong.
        evidence: Vec<Evidence>,
    },
}

impl Opinion {
    /// No opinion.
    #[must_use]
    pub fn abstain(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Abstain { why: why.into() }
    }

    /// One identity.
    #[must_use]
    pub fn propose(identity: Identity, confidence: Confidence, evidence: Vec<Evidence>) -> Self {
        Self::Propose(vec![Proposal::new(identity, confidence, evidence)])
    }
}
