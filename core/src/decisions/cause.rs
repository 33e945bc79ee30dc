//! What made a difference between two decisions about one deployment.

use serde::Serialize;

use super::opinion::{RecordedOpinion, Said};
use super::record::{DecisionRecord, Degraded, Verdict};
use crate::matching::Policy;
use crate::model::{DeploymentName, StrategyId};

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
    /// Something else keeps the decision from being the whole truth: a manifest
    /// that cannot be used, or can be used again.
    Degraded {
        /// What did.
        before: Vec<Degraded>,
        /// What does.
        after: Vec<Degraded>,
    },
    /// Everybody says the same, and another deployment claims the instance, or
    /// does not any more.
    Claim {
        /// What became of the claim.
        claim: ClaimChange,
        /// The deployment that holds the instance, or held it, if one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        holder: Option<DeploymentName>,
    },
    /// Everybody says the same, and the rules weigh it otherwise.
    Rules {
        /// The rule in numbers, if the policy is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
}

/// What became of the claim of another deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClaimChange {
    /// It came up.
    New,
    /// It is gone.
    Gone,
    /// Another deployment holds the instance than before.
    OtherHolder,
}

/// What made the difference; nothing if one side kept no opinions.
pub(super) fn causes(before: &DecisionRecord, after: &DecisionRecord) -> Vec<Cause> {
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
    let of = |said: &[RecordedOpinion], strategy: &StrategyId| -> Vec<Said> {
        said.iter().filter(|one| one.strategy == *strategy).map(|one| one.said.clone()).collect()
    };
    let mut causes: Vec<Cause> = strategies
        .into_iter()
        .map(|strategy| (strategy, of(said_before, strategy), of(said_after, strategy)))
        .filter(|(_, before, after)| before != after)
        .map(|(strategy, before, after)| Cause::Strategy { strategy: strategy.clone(), before, after })
        .collect();
    // That a strategy failed is among what it says.
    let told = |one: &&Degraded| {
        let tells =
            |cause: &Cause| matches!(cause, Cause::Strategy { strategy, .. } if strategy.as_str() == one.by);
        !causes.iter().any(tells)
    };
    let [was, is] = [before, after].map(|record| record.degraded.iter().filter(told).cloned().collect());
    if was != is {
        let (before, after): (Vec<_>, Vec<_>) = (was, is);
        causes.push(Cause::Degraded { before, after });
    }
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
        (Some(_), Some(holder)) => Cause::Claim { claim: ClaimChange::OtherHolder, holder },
        (None, Some(holder)) if before.verdict == Verdict::Matched => {
            Cause::Claim { claim: ClaimChange::New, holder }
        }
        (Some(holder), None) if after.verdict == Verdict::Matched => {
            Cause::Claim { claim: ClaimChange::Gone, holder }
        }
        _ => Cause::Rules { why: None },
    }
}

/// The rule that made the difference, with its numbers, as far as the policies
/// are known.
pub(super) fn rule([before, after]: [&DecisionRecord; 2], [old, new]: [Option<Policy>; 2]) -> Option<String> {
    if let (Some(old), Some(new)) = (old, new)
        && old.kind != new.kind
    {
        return Some(format!("the policy is {} instead of {}", new.kind, old.kind));
    }
    let reason = |record: &DecisionRecord| match &record.verdict {
        Verdict::Review { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    let confidence = after.confidence.or(before.confidence)?;
    let (was, is) = (reason(before), reason(after));
    match (is.as_deref(), was.as_deref()) {
        (Some("below-threshold"), _) => {
            Some(format!("{confidence} is below the threshold {}", new?.threshold))
        }
        (Some("ambiguous"), _) => Some(format!("the lead is below the margin {}", new?.margin)),
        (_, Some("below-threshold")) => {
            let reached = format!("{confidence} reaches the threshold {}", new?.threshold);
            let old = old.map(|old| format!(", and was below {}", old.threshold)).unwrap_or_default();
            Some(reached + &old)
        }
        (_, Some("ambiguous")) => {
            let reached = format!("the lead reaches the margin {}", new?.margin);
            let old = old.map(|old| format!(", and was below {}", old.margin)).unwrap_or_default();
            Some(reached + &old)
        }
        _ => None,
    }
}
