//! Decisions held against the right answers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Opinion;
use super::decision::{Decision, Outcome, StepResult};
use crate::model::{DeploymentName, InstanceId, PlanId, ServiceId};

/// The right answer for one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What a careful person would decide.
    pub expected: Expected,
    /// What the deployment is an example of.
    pub case: String,
}

/// What a careful person would decide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Exactly this identity.
    Matched {
        /// The service.
        service: ServiceId,
        /// The plan.
        plan: PlanId,
        /// The instance.
        instance: InstanceId,
    },
    /// Not to be written without a person.
    Review,
    /// No service instance of ours.
    Unmatched,
}

/// What a decision is worth, held against its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Matched, and rightly.
    Matched,
    /// Matched to the wrong identity, or matched where no match was right.
    Wrong,
    /// Not matched where a match was right.
    Missed,
    /// Rightly left for a person, or rightly nobody's.
    LeftForReview,
}

/// How one strategy fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StrategyScore {
    /// Deployments for which it proposed something.
    pub fired: u32,
    /// Deployments for which its best proposal was the right identity.
    pub correct: u32,
    /// Deployments for which it was not.
    pub wrong: u32,
    /// Deployments whose right identity it vetoed, or whose assessment failed.
    pub harmful: u32,
}

/// A fleet's decisions held against its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluation {
    /// Every labelled deployment with its verdict, by name.
    pub verdicts: BTreeMap<DeploymentName, Verdict>,
    /// Labels whose deployment was not decided.
    pub undecided: Vec<DeploymentName>,
    /// Deployments that no label speaks of.
    pub unlabelled: Vec<DeploymentName>,
    /// How many labels ask for a match.
    pub expected_matches: u32,
    /// Each strategy's score, by id.
    pub strategies: BTreeMap<String, StrategyScore>,
    /// The same by strategy and the service that it proposed.
    pub services: BTreeMap<(String, ServiceId), StrategyScore>,
    /// How many labels ask for a match with a service.
    pub expected_of: BTreeMap<ServiceId, u32>,
    /// What was matched to a service.
    pub matched_to: BTreeMap<ServiceId, Matches>,
    /// What was decided where something was expected.
    pub confusion: Confusion,
}

/// How many matches were right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Matches {
    /// Matched to the right identity.
    pub right: u32,
    /// Matched to another one, or matched at all where that was not right.
    pub wrong: u32,
}

/// How good something is; each nothing if there was nothing to count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measure {
    /// What was right among all that was matched or proposed.
    pub precision: Option<f64>,
    /// What was right among all that should have been.
    pub recall: Option<f64>,
}

/// What was decided where something was expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Where a match was expected.
    pub matched: Decided,
    /// Where a person was to look.
    pub review: Decided,
    /// Where it was nobody's.
    pub unmatched: Decided,
}

/// How often each was decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Matched to the right identity.
    pub right: u32,
    /// Matched to another one, or matched at all where that was not right.
    pub wrong: u32,
    /// Left for a person.
    pub review: u32,
    /// Nobody's.
    pub unmatched: u32,
}

impl Evaluation {
    /// Holds decisions against labels.
    #[must_use]
    pub fn of(decisions: &[Decision], labels: &BTreeMap<DeploymentName, Label>) -> Self {
        let mut evaluation = Self {
            verdicts: BTreeMap::new(),
            undecided: Vec::new(),
            unlabelled: Vec::new(),
            expected_matches: 0,
            strategies: BTreeMap::new(),
            services: BTreeMap::new(),
            expected_of: BTreeMap::new(),
            matched_to: BTreeMap::new(),
            confusion: Confusion::default(),
        };
        for decision in decisions {
            match labels.get(&decision.deployment) {
                Some(label) => evaluation.count(decision, label),
                None => evaluation.unlabelled.push(decision.deployment.clone()),
            }
        }
        evaluation.undecided =
            labels.keys().filter(|name| !evaluation.verdicts.contains_key(*name)).cloned().collect();
        evaluation
    }

    fn count(&mut self, decision: &Decision, label: &Label) {
        let verdict = match (&decision.outcome, &label.expected) {
            (Outcome::Matched(identity), expected) if expected.is(identity) => Verdict::Matched,
            (Outcome::Matched(_), _) => Verdict::Wrong,
            (_, Expected::Matched { .. }) => Verdict::Missed,
            _ => Verdict::LeftForReview,
        };
        let row = match &label.expected {
            Expected::Matched { service, .. } => {
                self.expected_matches += 1;
                *self.expected_of.entry(service.clone()).or_default() += 1;
                &mut self.confusion.matched
            }
            Expected::Review => &mut self.confusion.review,
            Expected::Unmatched => &mut self.confusion.unmatched,
        };
        *match (&decision.outcome, verdict) {
            (Outcome::Matched(_), Verdict::Matched) => &mut row.right,
            (Outcome::Matched(_), _) => &mut row.wrong,
            (Outcome::Review(_), _) => &mut row.review,
            (Outcome::Unmatched, _) => &mut row.unmatched,
        } += 1;
        if let Outcome::Matched(identity) = &decision.outcome {
            let matches = self.matched_to.entry(identity.service.clone()).or_default();
            *if verdict == Verdict::Matched { &mut matches.right } else { &mut matches.wrong } += 1;
        }
        self.verdicts.insert(decision.deployment.clone(), verdict);
        for step in &decision.trace {
            let score = self.strategies.entry(step.strategy.to_string()).or_default();
            match &step.result {
                StepResult::Said(Opinion::Propose(proposals)) => {
                    let best = proposals.iter().map(|proposal| proposal.confidence).max();
                    let mut leading = proposals.iter().filter(|one| Some(one.confidence) == best);
                    let right = leading.clone().all(|one| label.expected.is(&one.identity));
                    score.fire(right);
                    if let Some(first) = leading.next() {
                        let key = (step.strategy.to_string(), first.identity.service.clone());
                        self.services.entry(key).or_default().fire(right);
                    }
                }
                StepResult::Said(Opinion::Veto { identity, .. }) => {
                    score.harmful += u32::from(label.expected.is(identity));
                }
                StepResult::Failed(_) => score.harmful += 1,
                _ => {}
            }
        }
    }

    /// How many deployments got a verdict.
    #[must_use]
    pub fn counted(&self, verdict: Verdict) -> u32 {
        u32::try_from(self.verdicts.values().filter(|one| **one == verdict).count()).unwrap_or(u32::MAX)
    }

    /// How good the matches are.
    #[must_use]
    pub fn measure(&self) -> Measure {
        let (right, wrong) = (self.counted(Verdict::Matched), self.counted(Verdict::Wrong));
        Measure::of(right, right + wrong, self.expected_matches)
    }

    /// How good the matches to a service are.
    #[must_use]
    pub fn measure_of_service(&self, service: &ServiceId) -> Measure {
        let Matches { right, wrong } = self.matched_to.get(service).copied().unwrap_or_default();
        Measure::of(right, right + wrong, self.expected_of.get(service).copied().unwrap_or_default())
    }

    /// How good a strategy is, in all or where it proposes a service.
    #[must_use]
    pub fn measure_of_strategy(&self, strategy: &str, service: Option<&ServiceId>) -> Measure {
        let (score, expected) = match service {
            None => (self.strategies.get(strategy), Some(&self.expected_matches)),
            Some(service) => {
                (self.services.get(&(strategy.to_owned(), service.clone())), self.expected_of.get(service))
            }
        };
        score.copied().unwrap_or_default().measure(expected.copied().unwrap_or_default())
    }
}

impl StrategyScore {
    fn fire(&mut self, right: bool) {
        self.fired += 1;
        self.correct += u32::from(right);
        self.wrong += u32::from(!right);
    }

    /// How good it is where so many matches were expected.
    #[must_use]
    pub fn measure(&self, expected_matches: u32) -> Measure {
        Measure::of(self.correct, self.fired, expected_matches)
    }
}

impl Measure {
    fn of(right: u32, made: u32, expected: u32) -> Self {
        let among = |whole: u32| (whole > 0).then(|| f64::from(right) / f64::from(whole));
        Self { precision: among(made), recall: among(expected) }
    }
}

impl Expected {
    fn is(&self, identity: &crate::model::Identity) -> bool {
        match self {
            Self::Matched { service, plan, instance } => {
                *service == identity.service && *plan == identity.plan && *instance == identity.instance
            }
            _ => false,
        }
    }
}
