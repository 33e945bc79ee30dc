//! Why a deployment was not matched to an instance: what spoke for it, what
//! against, and what would have made it a match.

use std::fmt;

use serde::Serialize;

use super::decision::{Decision, StepResult};
use super::{Confidence, Evidence, Opinion, Policy};
use crate::model::{DeploymentName, Index, InstanceId, StrategyId};

mod obstacles;

/// Why a deployment was not matched to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WhyNot {
    /// The deployment.
    pub deployment: DeploymentName,
    /// The instance that was asked about.
    pub instance: InstanceId,
    /// Whether it was matched after all.
    pub matched: bool,
    /// Who proposed it.
    pub spoke_for: Vec<Spoken>,
    /// What the other strategies did instead.
    pub others: Vec<Instead>,
    /// What stood in the way; all of it would have had to go.
    pub obstacles: Vec<Obstacle>,
}

/// A proposal of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spoken {
    /// The strategy.
    pub strategy: StrategyId,
    /// The identity in full.
    pub identity: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// Its evidence: code, place and note.
    pub evidence: Vec<String>,
}

/// What a strategy did that did not propose the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instead {
    /// The strategy.
    pub strategy: StrategyId,
    /// What it did.
    pub did: String,
}

/// Something that stood in the way, with what would have removed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// What stood in the way.
    pub what: String,
    /// What would have made it go.
    pub remedy: String,
}

impl WhyNot {
    /// Looks at a decision among those about the whole fleet, with the policy and
    /// the index they were made by: what another deployment claims may stand in
    /// the way.
    #[must_use]
    pub fn of(
        decision: &Decision,
        fleet: &[Decision],
        policy: Policy,
        index: &Index,
        instance: &InstanceId,
    ) -> Self {
        let question = Question { decision, fleet, policy, index, instance };
        let matched = decision.identity().is_some_and(|identity| identity.instance == *instance);
        Self {
            deployment: decision.deployment.clone(),
            instance: instance.clone(),
            matched,
            spoke_for: question.spoke_for(),
            others: question.others(),
            obstacles: if matched { Vec::new() } else { question.obstacles() },
        }
    }
}

/// Everything an answer is made from.
struct Question<'a> {
    decision: &'a Decision,
    fleet: &'a [Decision],
    policy: Policy,
    index: &'a Index,
    instance: &'a InstanceId,
}

impl Question<'_> {
    fn spoke_for(&self) -> Vec<Spoken> {
        let mut spoken = Vec::new();
        for step in &self.decision.trace {
            let StepResult::Said(Opinion::Propose(proposals)) = &step.result else { continue };
            for one in proposals.iter().filter(|one| one.identity.instance == *self.instance) {
                spoken.push(Spoken {
                    strategy: step.strategy.clone(),
                    identity: one.identity.to_string(),
                    confidence: one.confidence,
                    evidence: shown(&one.evidence),
                });
            }
        }
        spoken
    }

    fn others(&self) -> Vec<Instead> {
        let mut others = Vec::new();
        for step in &self.decision.trace {
            let did = match &step.result {
                StepResult::Said(Opinion::Abstain { why }) => format!("abstains: {why}"),
                StepResult::Said(Opinion::Propose(proposals)) => {
                    if proposals.iter().any(|one| one.identity.instance == *self.instance) {
                        continue;
                    }
                    let said = proposals.iter().map(|one| format!("{} {}", one.confidence, one.identity));
                    format!("proposes {}", said.collect::<Vec<_>>().join(" and "))
                }
                StepResult::Said(Opinion::Veto { identity, evidence }) => {
                    format!("vetoes {identity}: {}", shown(evidence).join("; "))
                }
                StepResult::Failed(error) => format!("failed: {error} [{}]", error.code()),
                StepResult::Skipped => "was not asked: an earlier strategy had decided".to_owned(),
            };
            others.push(Instead { strategy: step.strategy.clone(), did });
        }
        others
    }
}

fn shown(evidence: &[Evidence]) -> Vec<String> {
    evidence.iter().map(|one| format!("{} at {}: {}", one.code, one.locus, one.note)).collect()
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deployment, instance, .. } = self;
        if self.matched {
            return writeln!(f, "{deployment} is matched to {instance}");
        }
        writeln!(f, "Why {deployment} is not matched to {instance}")?;
        let names =
            self.spoke_for.iter().map(|one| &one.strategy).chain(self.others.iter().map(|one| &one.strategy));
        let widest = names.map(|id| id.as_str().len()).max().unwrap_or_default();
        writeln!(f, "\nFor it")?;
        if self.spoke_for.is_empty() {
            writeln!(f, "  nobody")?;
        }
        for one in &self.spoke_for {
            writeln!(f, "  {:<widest$}  {}  {}", one.strategy, one.confidence, one.identity)?;
            for evidence in &one.evidence {
                writeln!(f, "      {evidence}")?;
            }
        }
        writeln!(f, "\nThe others")?;
        for one in &self.others {
            writeln!(f, "  {:<widest$}  {}", one.strategy, one.did)?;
        }
        writeln!(f, "\nIn the way")?;
        for one in &self.obstacles {
            writeln!(f, "  {}\n      it would take: {}", one.what, one.remedy)?;
        }
        Ok(())
    }
}
