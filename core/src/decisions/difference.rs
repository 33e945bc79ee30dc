//! What differs between two sets of decisions, and what made the difference.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cause::{Cause, causes, rule};
use super::record::{DecisionRecord, Verdict};
use crate::matching::Policy;
use crate::model::DeploymentName;

/// What differs between two sets of decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// How many deployments both sets decide.
    pub compared: usize,
    /// What differs: the gravest kind first, then by deployment.
    pub changes: Vec<Change>,
}

/// One deployment that is decided otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The deployment.
    pub deployment: DeploymentName,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// How it was decided, if it was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<DecisionRecord>,
    /// How it is decided, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<DecisionRecord>,
    /// What made the difference; empty if one side kept no opinions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
}

/// How a decision can change, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// Matched both times, to different identities.
    Moved,
    /// Matched before, and not any more.
    Lost,
    /// Nobody's before, and matched now.
    NewlyMatched,
    /// In review before, and matched now.
    ReviewToMatch,
    /// Nobody's before, and in review now.
    ToReview,
    /// In review before, and nobody's now.
    ReviewToUnmatched,
    /// In review both times, for another reason or about another identity.
    OtherReview,
    /// The same outcome with another confidence.
    OtherConfidence,
    /// The same outcome, and other opinions led to it.
    OtherOpinions,
    /// Decided only now.
    Appeared,
    /// Decided only before.
    Vanished,
}

impl ChangeKind {
    /// All kinds, the gravest first.
    pub const ALL: [Self; 11] = [
        Self::Moved,
        Self::Lost,
        Self::NewlyMatched,
        Self::ReviewToMatch,
        Self::ToReview,
        Self::ReviewToUnmatched,
        Self::OtherReview,
        Self::OtherConfidence,
        Self::OtherOpinions,
        Self::Appeared,
        Self::Vanished,
    ];

    /// The heading above changes of this kind.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Moved => "moved to another identity",
            Self::Lost => "lost: matched before",
            Self::NewlyMatched => "newly matched",
            Self::ReviewToMatch => "from review to match",
            Self::ToReview => "newly in review",
            Self::ReviewToUnmatched => "from review to nobody's",
            Self::OtherReview => "in review for another reason",
            Self::OtherConfidence => "the same outcome, another confidence",
            Self::OtherOpinions => "the same outcome from other opinions",
            Self::Appeared => "new deployments",
            Self::Vanished => "deployments that are gone",
        }
    }

    /// Whether a deployment of both sides has another outcome: what a person has
    /// to look at. One that is new or gone was never decided otherwise.
    #[must_use]
    pub fn is_flip(self) -> bool {
        !matches!(self, Self::OtherConfidence | Self::OtherOpinions | Self::Appeared | Self::Vanished)
    }
}

impl Difference {
    /// Compares two sets of decisions, in any order.
    #[must_use]
    pub fn between(before: &[DecisionRecord], after: &[DecisionRecord]) -> Self {
        let mut pairs: BTreeMap<&DeploymentName, [Option<&DecisionRecord>; 2]> = BTreeMap::new();
        for (side, records) in [before, after].into_iter().enumerate() {
            for record in records {
                pairs.entry(&record.deployment).or_default()[side] = Some(record);
            }
        }
        let compared = pairs.values().filter(|pair| pair.iter().all(Option::is_some)).count();
        let mut changes: Vec<Change> =
            pairs.into_iter().filter_map(|(name, [before, after])| change(name, before, after)).collect();
        // Stable: within a kind they stay in the order of names.
        changes.sort_by_key(|change| change.kind);
        Self { compared, changes }
    }

    /// The same with the rules in numbers, where they made the difference: by the
    /// policies of both sides, as far as they are known.
    #[must_use]
    pub fn by_policies(mut self, before: Option<Policy>, after: Option<Policy>) -> Self {
        for change in &mut self.changes {
            let (Some(old), Some(new)) = (&change.before, &change.after) else { continue };
            for cause in &mut change.causes {
                if let Cause::Rules { why } = cause {
                    *why = rule([old, new], [before, after]);
                }
            }
        }
        self
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many decisions differ from what was accepted: deployments on both
    /// sides whose outcome or confidence is another. Who else agrees, and how
    /// surely, is no difference of the decision: that drifts with every
    /// deployment that comes or goes.
    #[must_use]
    pub fn changed(&self) -> usize {
        let drifts = [ChangeKind::OtherOpinions, ChangeKind::Appeared, ChangeKind::Vanished];
        self.changes.iter().filter(|change| !drifts.contains(&change.kind)).count()
    }

    /// How many deployments of both sides have another outcome.
    #[must_use]
    pub fn flips(&self) -> usize {
        self.changes.iter().filter(|change| change.kind.is_flip()).count()
    }

    /// How many deployments have another outcome, are new or are gone.
    #[must_use]
    pub fn other_outcomes(&self) -> usize {
        let same = [ChangeKind::OtherConfidence, ChangeKind::OtherOpinions];
        self.changes.iter().filter(|change| !same.contains(&change.kind)).count()
    }

    /// Whether the outcome of no deployment differs.
    #[must_use]
    pub fn is_without_flips(&self) -> bool {
        self.flips() == 0
    }

    /// The changes of a kind, by deployment.
    pub fn of_kind(&self, kind: ChangeKind) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.kind == kind)
    }

    /// How many changes there are of each kind that there is.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<ChangeKind, usize> {
        let mut counts = BTreeMap::new();
        for change in &self.changes {
            *counts.entry(change.kind).or_default() += 1;
        }
        counts
    }
}

fn change(
    name: &DeploymentName,
    before: Option<&DecisionRecord>,
    after: Option<&DecisionRecord>,
) -> Option<Change> {
    let (kind, causes) = match (before, after) {
        (Some(before), Some(after)) => {
            let kind = kind(before, after)?;
            (kind, causes(before, after))
        }
        (None, _) => (ChangeKind::Appeared, Vec::new()),
        (_, None) => (ChangeKind::Vanished, Vec::new()),
    };
    let (before, after) = (before.cloned(), after.cloned());
    Some(Change { deployment: name.clone(), kind, before, after, causes })
}

fn kind(before: &DecisionRecord, after: &DecisionRecord) -> Option<ChangeKind> {
    use Verdict::{Matched, Review, Unmatched};
    let same_identity = before.identity == after.identity;
    match (&before.verdict, &after.verdict) {
        (Matched, Matched) if !same_identity => Some(ChangeKind::Moved),
        (Matched, Review { .. } | Unmatched) => Some(ChangeKind::Lost),
        (Unmatched, Matched) => Some(ChangeKind::NewlyMatched),
        (Review { .. }, Matched) => Some(ChangeKind::ReviewToMatch),
        (Unmatched, Review { .. }) => Some(ChangeKind::ToReview),
        (Review { .. }, Unmatched) => Some(ChangeKind::ReviewToUnmatched),
        (Review { .. }, Review { .. }) if !same_review(before, after) || !same_identity => {
            Some(ChangeKind::OtherReview)
        }
        _ if before.confidence != after.confidence => Some(ChangeKind::OtherConfidence),
        _ => {
            let differ = matches!((&before.opinions, &after.opinions), (Some(a), Some(b)) if a != b || before.degraded != after.degraded);
            differ.then_some(ChangeKind::OtherOpinions)
        }
    }
}

/// Whether a person has to look for the same reason. Who holds an instance is
/// not known of what was kept without opinions.
fn same_review(before: &DecisionRecord, after: &DecisionRecord) -> bool {
    let compact = before.opinions.is_none() || after.opinions.is_none();
    match (&before.verdict, &after.verdict) {
        (Verdict::Review { reason: a, .. }, Verdict::Review { reason: b, .. }) if compact => a == b,
        (before, after) => before == after,
    }
}
