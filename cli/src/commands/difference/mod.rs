//! Differences of decisions in words, for all commands that show them.

pub(super) mod markdown;
pub(super) mod text;

use reconciler_core::decisions::{Cause, Change, ClaimChange, DecisionRecord, Degraded, Said};
use reconciler_core::model::{DeploymentName, Identity};

/// What made a difference, in a line; the identity that stands above is not said
/// again.
fn cause_in_words(cause: &Cause, change: &Change) -> String {
    let identity = |record: &Option<DecisionRecord>| record.as_ref().and_then(|one| one.identity.clone());
    let known = match (identity(&change.before), identity(&change.after)) {
        (Some(before), Some(after)) if before != after => None,
        (before, after) => before.or(after),
    };
    match cause {
        Cause::Strategy { strategy, before, after } => {
            format!("{strategy}: {} → {}", said(before, known.as_ref()), said(after, known.as_ref()))
        }
        Cause::Degraded { before, after } => {
            format!("not the whole truth: {} → {}", degraded(before), degraded(after))
        }
        Cause::Claim { claim, holder } => {
            format!("the opinions are the same; {}", claim_in_words(*claim, holder.as_ref()))
        }
        Cause::Rules { why: Some(why) } => format!("the opinions are the same; {why}"),
        Cause::Rules { why: None } => "the opinions are the same; the rules weigh them otherwise".to_owned(),
        _ => "for another reason".to_owned(),
    }
}

fn claim_in_words(claim: ClaimChange, holder: Option<&DeploymentName>) -> String {
    match (claim, holder) {
        (ClaimChange::New, Some(holder)) => format!("`{holder}` claims the same instance"),
        (ClaimChange::New, None) => "several deployments claim the same instance".to_owned(),
        (ClaimChange::Gone, Some(holder)) => format!("`{holder}` does not claim the same instance any more"),
        (ClaimChange::Gone, None) => "no other deployment claims the same instance any more".to_owned(),
        (_, Some(holder)) => format!("it is `{holder}` now that holds the instance"),
        (_, None) => "several deployments claim the instance, and none holds it any more".to_owned(),
    }
}

fn degraded(degraded: &[Degraded]) -> String {
    if degraded.is_empty() {
        return "nothing in the way".to_owned();
    }
    degraded.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn said(said: &[Said], known: Option<&Identity>) -> String {
    if said.is_empty() {
        return "nothing".to_owned();
    }
    said.iter().map(|one| one.in_words(known)).collect::<Vec<_>>().join(" and ")
}
