//! What stands in the way of a match, and what would have to be otherwise. Every
//! remedy makes the match if all that stand with it are followed: whoever follows
//! them must not find the next obstacle behind.

use super::super::admission::INSTANCE_ID_PATHS;
use super::super::claims::rivals;
use super::super::decision::{Degradation, Ranked, StepResult};
use super::super::{Confidence, Opinion, Policy};
use super::{Obstacle, Question};
use crate::model::Identity;

impl Question<'_> {
    pub(super) fn obstacles(&self) -> Vec<Obstacle> {
        let competing = self.policy.competing(&self.decision.trace, &self.decision.ranking);
        let is_asked = |ranked: &&Ranked| ranked.identity.instance == *self.instance;
        let candidate = competing.iter().find(is_asked);
        let mut obstacles = self.vetoes(candidate.map(|candidate| &candidate.identity));
        match candidate {
            Some(candidate) => self.weigh(candidate, &competing, &mut obstacles),
            None => self.propose(competing.first(), &mut obstacles),
        }
        obstacles.extend(self.decision.degradations.iter().map(degradation));
        let unheard = self.decision.ranking.iter().find(is_asked);
        if let Some(identity) = candidate.or(unheard).map(|ranked| ranked.identity.clone()).or(self.known()) {
            obstacles.extend(self.claims(&identity));
        }
        obstacles
    }

    /// The identity that the instance has if somebody proposes it: the index
    /// knows it, or another deployment's strategies do.
    fn known(&self) -> Option<Identity> {
        let recorded = self.index.entry(self.instance).and_then(|entry| entry.identity());
        let proposed = || {
            let mut ranked = self.fleet.iter().flat_map(|decision| &decision.ranking);
            ranked.find(|ranked| ranked.identity.instance == *self.instance).map(|one| one.identity.clone())
        };
        recorded.or_else(proposed)
    }

    /// Vetoes of the identity that is weighed; of any of the instance, as long as
    /// nobody proposed one.
    fn vetoes(&self, candidate: Option<&Identity>) -> Vec<Obstacle> {
        let mut obstacles = Vec::new();
        for step in &self.decision.trace {
            let StepResult::Said(Opinion::Veto { identity, evidence }) = &step.result else { continue };
            if candidate.map_or(identity.instance == *self.instance, |candidate| candidate == identity) {
                let note = evidence.last().map(|one| format!(": {}", one.note)).unwrap_or_default();
                obstacles.push(obstacle(
                    format!("vetoed by {}{note}", step.strategy),
                    format!("no veto by {}", step.strategy),
                ));
            }
        }
        obstacles
    }

    /// The lead that a match needs over whatever else is proposed: a lead of
    /// nothing is a tie.
    fn least_lead(&self) -> Confidence {
        self.policy.margin.max(Confidence::per_mille(1))
    }

    /// Who would have to say it. Where a strategy decided by itself, nobody behind
    /// it is heard.
    fn who(&self) -> String {
        match self.policy.deciding(&self.decision.trace) {
            Some(step) => format!("{}, or a strategy before it,", step.strategy),
            None => "one strategy".to_owned(),
        }
    }

    fn weigh(&self, candidate: &Ranked, competing: &[Ranked], obstacles: &mut Vec<Obstacle>) {
        let threshold = self.policy.threshold;
        let confidence = candidate.confidence;
        let who = self.who();
        if confidence < threshold {
            let mut ways = vec![format!("{who} that says at least {threshold}")];
            ways.extend(self.is_heard_at(candidate).then(|| format!("--threshold {confidence}")));
            obstacles.push(obstacle(
                format!(
                    "{confidence} is {} below the threshold {threshold}",
                    threshold.lead_over(confidence)
                ),
                ways.join("; or "),
            ));
        }
        for rival in competing.iter().filter(|rival| rival.identity != candidate.identity) {
            let lead = confidence.lead_over(rival.confidence);
            if lead > Confidence::NONE && lead >= self.policy.margin {
                continue;
            }
            let what = match rival.confidence.cmp(&confidence) {
                std::cmp::Ordering::Greater => {
                    format!("{} is {} ahead", rival.identity, rival.confidence.lead_over(confidence))
                }
                std::cmp::Ordering::Equal => format!("{} is as sure: a tie is never a match", rival.identity),
                std::cmp::Ordering::Less => {
                    let margin = self.policy.margin;
                    format!("{} is only {lead} behind, less than the margin {margin}", rival.identity)
                }
            };
            let least = self.least_lead();
            let mut ways = Vec::new();
            if let Some(wanted) = sum(rival.confidence, least) {
                ways.push(format!("{who} that says at least {wanted}"));
            }
            if confidence >= least {
                let most = confidence.lead_over(least);
                ways.push(format!("nobody that says more than {most} for the other"));
            }
            if lead > Confidence::NONE {
                ways.push(format!("--margin {lead}"));
            }
            if ways.is_empty() {
                ways.push("nobody that proposes the other".to_owned());
            }
            obstacles.push(obstacle(what, ways.join("; or ")));
        }
    }

    /// Whether a threshold that lets this one in lets no earlier strategy decide
    /// without it.
    fn is_heard_at(&self, candidate: &Ranked) -> bool {
        let lower = Policy { threshold: candidate.confidence, ..self.policy };
        let competing = lower.competing(&self.decision.trace, &self.decision.ranking);
        let same = competing.iter().find(|ranked| ranked.identity == candidate.identity);
        same.is_some_and(|ranked| ranked.confidence >= candidate.confidence)
    }

    /// Nobody whose word counts proposed it: what would a proposal have to be?
    fn propose(&self, leader: Option<&Ranked>, obstacles: &mut Vec<Obstacle>) {
        let least = self.least_lead();
        // By itself the threshold is enough; beside others it has to lead.
        let alone = leader.map_or(self.policy.threshold, |_| self.policy.threshold.max(least));
        let ahead = leader.filter(|leader| alone.lead_over(leader.confidence) < least);
        // One that outdoes the leader, if there can be one.
        let outdoing = ahead.and_then(|leader| sum(leader.confidence, least));
        let needed = outdoing.map_or(alone, |outdoing| outdoing.max(alone));
        let refusals = self.refusals(needed);
        if refusals.is_empty() {
            obstacles.push(self.nobody(needed));
        } else {
            obstacles.extend(refusals);
        }
        if let Some(leader) = ahead {
            let most = alone.lead_over(least);
            let mut ways: Vec<String> =
                outdoing.map(|_| format!("a proposal of at least {needed}")).into_iter().collect();
            ways.push(format!("nobody that says more than {most} for anything else"));
            obstacles.push(obstacle(
                format!("{} is proposed at {}", leader.identity, leader.confidence),
                ways.join("; or "),
            ));
        }
    }

    /// What was proposed, and broke a rule.
    fn refusals(&self, needed: Confidence) -> Vec<Obstacle> {
        let steps = self.decision.trace.iter();
        let refused = steps.flat_map(|step| step.refused.iter().map(move |one| (&step.strategy, one)));
        refused
            .filter(|(_, refusal)| refusal.identity.instance == *self.instance)
            .map(|(strategy, refusal)| {
                obstacle(
                    format!("{strategy} proposed {}, which was not let in", refusal.identity),
                    format!("a proposal of at least {needed} that keeps the rule: {}", refusal.why),
                )
            })
            .collect()
    }

    /// Nobody proposed it, or nobody was heard: where do strategies look?
    fn nobody(&self, needed: Confidence) -> Obstacle {
        let deciding = self.policy.deciding(&self.decision.trace);
        if let Some(step) = deciding {
            return obstacle(
                format!("{} reached the threshold first, and only what it says competes", step.strategy),
                format!("{} that says at least {needed} for it", self.who()),
            );
        }
        let entry = self.index.entry(self.instance);
        let what = match entry {
            Some(_) => "no strategy proposed it, though the index has it",
            None => "no strategy proposed it, and the index does not have it",
        };
        let is_free = |identity: &Identity| {
            !self.fleet.iter().any(|decision| identity.expects(decision.deployment.as_str()))
        };
        let name = match entry.and_then(|entry| entry.identity()).filter(is_free) {
            Some(identity) => format!("the name (`{}` is the broker's)", identity.expected_deployment()),
            None => "the name".to_owned(),
        };
        let stated = INSTANCE_ID_PATHS[0].join(".");
        obstacle(
            what,
            format!(
                "a proposal of at least {needed}; strategies look at {name} and the manifest (`{stated}`)"
            ),
        )
    }

    /// Other deployments that would hold the instance all the same.
    fn claims(&self, identity: &Identity) -> Option<Obstacle> {
        let rivals = rivals(self.fleet, self.policy, self.index, &self.decision.deployment, identity)?;
        let names: Vec<String> = rivals.names.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(" and ");
        let what = match rivals.names.as_slice() {
            [_] if rivals.holds => format!("deployment {names} holds the instance"),
            [_] => format!("deployment {names} claims the instance, too"),
            _ => format!("deployments {names} claim the instance, too"),
        };
        let elsewhere = if rivals.only_matched { ", or matched to other instances" } else { "" };
        Some(obstacle(what, format!("{names} gone{elsewhere}")))
    }
}

fn degradation(degradation: &Degradation) -> Obstacle {
    match degradation {
        Degradation::Strategy { id, code } => obstacle(
            format!("strategy {id} failed ({code}), so the others' word is not the whole truth"),
            format!("strategy {id} doing its work"),
        ),
        Degradation::Manifest { message, .. } => {
            obstacle(format!("the manifest: {message}"), "a manifest that can be read")
        }
    }
}

fn obstacle(what: impl Into<String>, remedy: impl Into<String>) -> Obstacle {
    Obstacle { what: what.into(), remedy: remedy.into() }
}

/// Two confidences together, unless that is more than certain.
fn sum(one: Confidence, other: Confidence) -> Option<Confidence> {
    let sum = one.as_per_mille() + other.as_per_mille();
    (sum <= Confidence::CERTAIN.as_per_mille()).then(|| Confidence::per_mille(sum))
}
