//! Why a deployment was not matched to an instance: what spoke for it, what
//! against, and what would have made it a match.

use std::fmt;

use serde::Serialize;

use super::admission::INSTANCE_ID_PATHS;
use super::decision::{Decision, Degradation, Outcome, Ranked, ReviewReason, StepResult};
use super::{Confidence, Evidence, Opinion, Policy};
use crate::model::{DeploymentName, Index, InstanceId, StrategyId};

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
    /// Looks at a decision with the policy and the index it was made by.
    #[must_use]
    pub fn of(decision: &Decision, policy: Policy, index: &Index, instance: &InstanceId) -> Self {
        let question = Question { decision, policy, index, instance };
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

    fn obstacles(&self) -> Vec<Obstacle> {
        let mut obstacles = self.refusals();
        let competing = self.policy.competing(&self.decision.trace, &self.decision.ranking);
        let same = |ranked: &&Ranked| ranked.identity.instance == *self.instance;
        match competing.iter().find(same) {
            Some(candidate) => self.weigh(candidate, &competing, &mut obstacles),
            None if self.decision.ranking.iter().any(|ranked| same(&ranked)) => {
                let deciding = self.policy.deciding(&self.decision.trace);
                let deciding = deciding.map_or("another strategy", |step| step.strategy.as_str());
                obstacles.push(obstacle(
                    format!("{deciding} reached the threshold first, and only what it says competes"),
                    "the policy `best`, or another order of the strategies",
                ));
            }
            None => {
                if obstacles.is_empty() {
                    obstacles.push(self.nobody());
                }
                obstacles.extend(competing.first().map(|leader| self.ahead(leader)));
            }
        }
        for degradation in &self.decision.degradations {
            obstacles.push(match degradation {
                Degradation::Strategy { id, code } => obstacle(
                    format!("strategy {id} failed ({code}), so the others' word is not the whole truth"),
                    format!("strategy {id} doing its work"),
                ),
                Degradation::Manifest { message, .. } => {
                    obstacle(format!("the manifest: {message}"), "a manifest that can be read")
                }
            });
        }
        if let Outcome::Review(ReviewReason::SecondClaim { holder }) = &self.decision.outcome {
            obstacles.push(match holder {
                Some(holder) => obstacle(
                    format!("deployment `{holder}` holds the instance"),
                    format!("`{holder}` gone, or matched to another instance"),
                ),
                None => obstacle(
                    "several deployments claim the instance",
                    "exactly one of them, or the name the broker would give it",
                ),
            });
        }
        obstacles
    }

    /// What was proposed, and broke a rule.
    fn refusals(&self) -> Vec<Obstacle> {
        let steps = self.decision.trace.iter();
        let refused = steps.flat_map(|step| step.refused.iter().map(move |one| (&step.strategy, one)));
        refused
            .filter(|(_, refusal)| refusal.identity.instance == *self.instance)
            .map(|(strategy, refusal)| {
                obstacle(
                    format!("{strategy} proposed {}, which was not let in", refusal.identity),
                    format!("a proposal that keeps the rule: {}", refusal.why),
                )
            })
            .collect()
    }

    fn weigh(&self, candidate: &Ranked, competing: &[Ranked], obstacles: &mut Vec<Obstacle>) {
        let Policy { threshold, margin, .. } = self.policy;
        let confidence = candidate.confidence;
        if candidate.vetoed {
            let vetoes = self.decision.trace.iter().filter(|step| {
                matches!(&step.result, StepResult::Said(Opinion::Veto { identity, .. }) if *identity == candidate.identity)
            });
            for step in vetoes {
                let note = match &step.result {
                    StepResult::Said(Opinion::Veto { evidence, .. }) => evidence.last(),
                    _ => None,
                };
                let note = note.map(|one| format!(": {}", one.note)).unwrap_or_default();
                obstacles.push(obstacle(
                    format!("vetoed by {}{note}", step.strategy),
                    format!("no veto by {}", step.strategy),
                ));
            }
        }
        if confidence < threshold {
            obstacles.push(obstacle(
                format!(
                    "{confidence} is {} below the threshold {threshold}",
                    threshold.lead_over(confidence)
                ),
                format!("one strategy that says at least {threshold}; or --threshold {confidence}"),
            ));
        }
        for rival in competing.iter().filter(|rival| rival.identity != candidate.identity) {
            let lead = confidence.lead_over(rival.confidence);
            if lead > Confidence::NONE && lead >= margin {
                continue;
            }
            let what = match rival.confidence.cmp(&confidence) {
                std::cmp::Ordering::Greater => {
                    format!("{} is {} ahead", rival.identity, rival.confidence.lead_over(confidence))
                }
                std::cmp::Ordering::Equal => format!("{} is as sure: a tie is never a match", rival.identity),
                std::cmp::Ordering::Less => {
                    format!("{} is only {lead} behind, less than the margin {margin}", rival.identity)
                }
            };
            let least = margin.max(Confidence::per_mille(1));
            let wanted = rival.confidence.as_per_mille() + least.as_per_mille();
            let mut ways = Vec::new();
            if wanted <= Confidence::CERTAIN.as_per_mille() {
                ways.push(format!("one strategy that says at least {}", Confidence::per_mille(wanted)));
            }
            if confidence >= least {
                ways.push(format!(
                    "nobody that says more than {} for the other",
                    confidence.lead_over(least)
                ));
            }
            if lead > Confidence::NONE {
                ways.push(format!("--margin {lead}"));
            }
            obstacles.push(obstacle(what, ways.join("; or ")));
        }
    }

    /// Another identity is proposed already: a proposal by itself is not enough.
    fn ahead(&self, leader: &Ranked) -> Obstacle {
        let least = self.policy.margin.max(Confidence::per_mille(1));
        let wanted = leader.confidence.as_per_mille() + least.as_per_mille();
        let remedy = if wanted <= Confidence::CERTAIN.as_per_mille() {
            format!("a proposal of at least {}", Confidence::per_mille(wanted))
        } else {
            format!("nobody that says more than {} for it", Confidence::CERTAIN.lead_over(least))
        };
        obstacle(format!("{} is proposed at {}", leader.identity, leader.confidence), remedy)
    }

    /// Nobody proposed it: what would strategies look for?
    fn nobody(&self) -> Obstacle {
        let entry = self.index.entry(self.instance);
        let mut ways = Vec::new();
        if let Some(identity) = entry.and_then(|entry| entry.identity()) {
            ways.push(format!("a deployment called `{}`", identity.expected_deployment()));
        }
        ways.push(format!("a manifest that says it at `{}`", INSTANCE_ID_PATHS[0].join(".")));
        let what = match entry {
            Some(_) => "no strategy proposed it, though the index has it",
            None => "no strategy proposed it, and the index does not have it",
        };
        obstacle(what, ways.join("; or "))
    }
}

fn obstacle(what: impl Into<String>, remedy: impl Into<String>) -> Obstacle {
    Obstacle { what: what.into(), remedy: remedy.into() }
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
