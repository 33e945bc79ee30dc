//! A decision in plain text: the outcome, what every strategy said and where it
//! saw it, and the arithmetic that led from one to the other.

use std::fmt;

use super::decision::{Decision, Degradation, Outcome, Ranked, ReviewReason, Step, StepResult};
use super::{Evidence, Opinion, Policy};

/// Explains a decision to a person.
#[derive(Debug, Clone)]
pub struct Explanation<'a> {
    decision: &'a Decision,
    policy: Policy,
    /// What competes under the policy, best first.
    competing: Vec<Ranked>,
}

impl<'a> Explanation<'a> {
    /// Explains a decision by the policy it was made with.
    #[must_use]
    pub fn new(decision: &'a Decision, policy: Policy) -> Self {
        let competing = policy.competing(&decision.trace, &decision.ranking);
        Self { decision, policy, competing }
    }

    /// The outcome, with identity and confidence of a match.
    #[must_use]
    pub fn verdict(&self) -> String {
        let decision = self.decision;
        match &decision.outcome {
            Outcome::Matched(identity) => {
                let confidence = decision.winner().map(|w| w.confidence).unwrap_or_default();
                format!("matched   {identity}   {confidence}")
            }
            Outcome::Review(reason) => format!("review    {reason}"),
            Outcome::Unmatched => "unmatched".to_owned(),
        }
    }

    /// Why the outcome is what it is, in one sentence.
    #[must_use]
    pub fn reasoning(&self) -> String {
        let decision = self.decision;
        let Policy { threshold, margin, .. } = self.policy;
        let confidence = self.competing.first().map(|leader| leader.confidence).unwrap_or_default();
        let next = self.competing.get(1).map(|next| next.confidence);
        match &decision.outcome {
            Outcome::Unmatched => "no strategy proposed an identity".to_owned(),
            Outcome::Matched(_) => match (self.policy.deciding(&decision.trace), next) {
                (Some(step), None) => {
                    format!("the first strategy that reached the threshold {threshold} decided: {}", step.strategy)
                }
                (Some(step), Some(next)) => format!(
                    "the first strategy that reached the threshold {threshold} decided: {}; of what it proposes, the best leads by {}",
                    step.strategy,
                    confidence.lead_over(next)
                ),
                (None, None) => format!("{confidence} reaches the threshold {threshold}, and nothing else was proposed"),
                (None, Some(next)) => format!(
                    "{confidence} reaches the threshold {threshold} and leads the next by {}, at least the margin {margin}",
                    confidence.lead_over(next)
                ),
            },
            Outcome::Review(ReviewReason::BelowThreshold) => {
                format!("the best, {confidence}, is below the threshold {threshold}")
            }
            Outcome::Review(ReviewReason::Ambiguous) => {
                let next = next.unwrap_or_default();
                format!(
                    "the best, {confidence}, leads the next, {next}, by {}, less than the margin {margin}",
                    confidence.lead_over(next)
                )
            }
            Outcome::Review(ReviewReason::Contradicted) => {
                "a strategy knows that the leading identity is wrong".to_owned()
            }
            Outcome::Review(ReviewReason::SecondClaim { holder: Some(holder) }) => {
                format!("deployment `{holder}` claims the same instance and carries the name the broker would give it")
            }
            Outcome::Review(ReviewReason::SecondClaim { holder: None }) => {
                "several deployments claim this instance, and not exactly one carries the name the broker would give it"
                    .to_owned()
            }
            Outcome::Review(ReviewReason::Degraded) => {
                "not every strategy could do its work, so what the others say is not the whole truth".to_owned()
            }
        }
    }

    /// Why an identity of the ranking did not win.
    #[must_use]
    pub fn why_not(&self, ranked: &Ranked) -> String {
        if ranked.vetoed {
            return "a strategy vetoed it".to_owned();
        }
        let same = |other: &&Ranked| other.identity == ranked.identity;
        let Some(confidence) = self.competing.iter().find(same).map(|ranked| ranked.confidence) else {
            let deciding = self.policy.deciding(&self.decision.trace);
            let deciding = deciding.map_or("another strategy", |step| step.strategy.as_str());
            return format!("does not compete: {deciding} decided");
        };
        if confidence < self.policy.threshold {
            return format!("below the threshold {}", self.policy.threshold);
        }
        let best = self.competing.first().map(|leader| leader.confidence).unwrap_or_default();
        if confidence < best {
            return format!("{} behind the best", best.lead_over(confidence));
        }
        let mut others = self.competing.iter().filter(|other| !same(other));
        if others.clone().any(|other| other.confidence == best) {
            return "as sure as another: a tie is never a match".to_owned();
        }
        match &self.decision.outcome {
            Outcome::Review(ReviewReason::SecondClaim { .. }) => {
                "another deployment claims this instance".to_owned()
            }
            Outcome::Review(ReviewReason::Degraded) => "not every strategy could do its work".to_owned(),
            _ => {
                let next = others.next().map(|next| next.confidence).unwrap_or_default();
                format!("only {} ahead of the next", confidence.lead_over(next))
            }
        }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = self.decision;
        writeln!(f, "Deployment  {}", decision.deployment)?;
        writeln!(f, "Outcome     {}", self.verdict())?;
        writeln!(f, "Because     {}", self.reasoning())?;
        writeln!(f, "Policy      {}   chain {}", self.policy, decision.chain)?;
        for degradation in &decision.degradations {
            match degradation {
                Degradation::Strategy { id, code } => {
                    writeln!(f, "Degraded    strategy {id} failed ({code})")?
                }
                Degradation::Manifest { message, .. } => writeln!(f, "Degraded    manifest: {message}")?,
            }
        }
        writeln!(f)?;
        let widest = decision.trace.iter().map(|step| step.strategy.as_str().len()).max().unwrap_or_default();
        for step in &decision.trace {
            write_step(f, step, widest.max(18))?;
        }
        let matched = decision.identity();
        let others: Vec<_> = decision.ranking.iter().filter(|r| Some(&r.identity) != matched).collect();
        if !others.is_empty() {
            writeln!(f, "\n{}", if matched.is_some() { "Runners-up" } else { "Candidates" })?;
            for ranked in others {
                writeln!(f, "  {}  {}   {}", ranked.confidence, ranked.identity, self.why_not(ranked))?;
            }
        }
        Ok(())
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, step: &Step, widest: usize) -> fmt::Result {
    let name = step.strategy.as_str();
    match &step.result {
        StepResult::Said(Opinion::Abstain { why }) => writeln!(f, "{name:<widest$} abstains   {why}")?,
        StepResult::Said(Opinion::Propose(proposals)) => {
            for proposal in proposals {
                writeln!(f, "{name:<widest$} proposes   {}  {}", proposal.confidence, proposal.identity)?;
                write_evidence(f, &proposal.evidence)?;
            }
        }
        StepResult::Said(Opinion::Veto { identity, evidence }) => {
            writeln!(f, "{name:<widest$} vetoes            {identity}")?;
            write_evidence(f, evidence)?;
        }
        StepResult::Failed(error) => writeln!(f, "{name:<widest$} failed     {error} [{}]", error.code())?,
        StepResult::Skipped => writeln!(f, "{name:<widest$} skipped    an earlier strategy had decided")?,
    }
    for refusal in &step.refused {
        writeln!(f, "    refused {}: {}", refusal.identity, refusal.why)?;
    }
    for read in &step.reads {
        writeln!(f, "    read {:<26} {}:{}", read.what, read.file, read.at)?;
    }
    Ok(())
}

fn write_evidence(f: &mut fmt::Formatter<'_>, evidence: &[Evidence]) -> fmt::Result {
    for one in evidence {
        writeln!(f, "    {:<26} {}   {}", one.code, one.locus, one.note)?;
    }
    Ok(())
}
