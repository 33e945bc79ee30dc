//! What differs between two sets of decisions, and what made the difference.

use std::collections::BTreeMap;

use serde::Serialize;

use super::opinion::Said;
use super::record::{DecisionRecord, Verdict};
use crate::model::{DeploymentName, StrategyId};

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

    /// Whether the outcome itself is another: what a person has to look at.
    #[must_use]
    pub fn is_flip(self) -> bool {
        !matches!(self, Self::OtherConfidence | Self::OtherOpinions)
    }
}

/// What made a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
#[non_exhaustive]
pub enum Cause {
    /// A strategy says something else.
    Strategy {
        /// The strategy.
        strategy: StrategyId,
        /// What it said.
        before: Vec<Said>,
        /// What it says.
        after: Vec<Said>,
    },
    /// Everybody says the same, and another deployment claims the instance, or
    /// does not any more.
    Claim {
        /// The deployment that holds the instance, if one does.
        #[serde(skip_serializing_if = "Option::is_none")]
        holder: Option<DeploymentName>,
    },
    /// Everybody says the same, and the rules weigh it otherwise.
    Rules,
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

    /// Whether the outcome of no deployment differs.
    #[must_use]
    pub fn is_without_flips(&self) -> bool {
        self.changes.iter().all(|change| !change.kind.is_flip())
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
            let differ =
                matches!((&before.opinions, &after.opinions), (Some(before), Some(after)) if before != after);
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

fn causes(before: &DecisionRecord, after: &DecisionRecord) -> Vec<Cause> {
    let (Some(said_before), Some(said_after)) = (&before.opinions, &after.opinions) else {
        return Vec::new();
    };
    // Strategies in the order of the chain that decides now, then those that it
    // lacks.
    let mut strategies: Vec<&StrategyId> = Vec::new();
    for opinion in said_after.iter().chain(said_before) {
        if !strategies.contains(&&opinion.strategy) {
            strategies.push(&opinion.strategy);
        }
    }
    let of = |said: &[super::RecordedOpinion], strategy: &StrategyId| -> Vec<Said> {
        said.iter().filter(|one| one.strategy == *strategy).map(|one| one.said.clone()).collect()
    };
    let mut causes: Vec<Cause> = strategies
        .into_iter()
        .map(|strategy| (strategy, of(said_before, strategy), of(said_after, strategy)))
        .filter(|(_, before, after)| before != after)
        .map(|(strategy, before, after)| Cause::Strategy { strategy: strategy.clone(), before, after })
        .collect();
    if causes.is_empty() && before.verdict != after.verdict {
        causes.push(weighed_otherwise(before, after));
    }
    causes
}

/// Everybody says the same: why is it decided otherwise? A claim is settled
/// only among matches; where one side is neither, the rules made the difference.
fn weighed_otherwise(before: &DecisionRecord, after: &DecisionRecord) -> Cause {
    let claim = |record: &DecisionRecord| match &record.verdict {
        Verdict::Review { reason, holder } if reason == "second-claim" => Some(holder.clone()),
        _ => None,
    };
    match (claim(before), claim(after)) {
        (_, Some(holder)) if claim(before).is_some() || before.verdict == Verdict::Matched => {
            Cause::Claim { holder }
        }
        (Some(holder), None) if after.verdict == Verdict::Matched => Cause::Claim { holder },
        _ => Cause::Rules,
    }
}
