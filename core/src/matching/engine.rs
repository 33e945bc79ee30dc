//! Runs a chain over deployments and decides.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::admission::{Admission, admit};
use super::chain::Fnv;
use super::decision::{self, Decision, Degradation, Outcome, Refusal, ReviewReason, Step, StepResult};
use super::workers::{self, Next};
use super::{
    Chain, ChainEntry, ChainError, ChainFingerprint, Facts, MatchContext, Opinion, Policy, StrategyError,
    Suspensions, registered, settle_claims,
};
use crate::manifest::{Deployment, Severity};

/// Decides which service instance a deployment is.
#[derive(Debug, Clone)]
pub struct MatchEngine {
    chain: Chain,
    policy: Policy,
    workers: NonZeroUsize,
    fingerprint: ChainFingerprint,
}

/// Puts an engine together.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct MatchEngineBuilder {
    entries: Vec<ChainEntry>,
    selection: Option<Vec<String>>,
    policy: Policy,
    workers: Option<NonZeroUsize>,
}

impl MatchEngineBuilder {
    /// Adds every strategy that is compiled in.
    ///
    /// # Errors
    /// If there is none, or the registered ones contradict each other.
    pub fn with_registered(mut self) -> Result<Self, ChainError> {
        self.entries.extend(registered()?);
        Ok(self)
    }

    /// Adds a strategy.
    pub fn with_entry(mut self, entry: ChainEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds strategies.
    pub fn with_entries(mut self, entries: impl IntoIterator<Item = ChainEntry>) -> Self {
        self.entries.extend(entries);
        self
    }

    /// Uses exactly these strategies, in this order.
    pub fn select<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.selection = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// How opinions become a decision; without it, [`Policy::default`].
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How many threads decide; without it, one for each core. The decisions do
    /// not depend on it.
    pub fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Puts the engine together.
    ///
    /// # Errors
    /// If the chain is empty, two strategies share an id, or a selected one does
    /// not exist.
    pub fn build(self) -> Result<MatchEngine, ChainError> {
        let mut chain = Chain::of(self.entries)?;
        if let Some(names) = &self.selection {
            chain = chain.select(names)?;
        }
        let fingerprint = fingerprint(&chain, self.policy);
        let workers =
            self.workers.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        Ok(MatchEngine { chain, policy: self.policy, workers, fingerprint })
    }
}

impl MatchEngine {
    /// Starts to put an engine together.
    pub fn builder() -> MatchEngineBuilder {
        MatchEngineBuilder::default()
    }

    /// The strategies in order.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// How opinions become a decision.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The same strategies under another policy.
    #[must_use]
    pub fn under(&self, policy: Policy) -> Self {
        let fingerprint = fingerprint(&self.chain, policy);
        Self { chain: self.chain.clone(), policy, workers: self.workers, fingerprint }
    }

    /// Identifies the rules: strategies, versions, order, policy and limits.
    #[must_use]
    pub fn fingerprint(&self) -> ChainFingerprint {
        self.fingerprint
    }

    /// The keys of manifests that its strategies ask for by name.
    #[must_use]
    pub fn manifest_keys(&self) -> BTreeSet<String> {
        self.chain.entries().iter().flat_map(|entry| entry.strategy.manifest_keys()).collect()
    }

    /// Decides about one deployment by itself. What other deployments claim is
    /// not looked at: see [`settle_claims`].
    #[must_use]
    pub fn decide(&self, deployment: &Deployment, facts: &Facts) -> Decision {
        self.decide_without(deployment, &Arc::new(facts.clone()), &Suspensions::default())
    }

    /// Decides about one deployment without asking the strategies that are
    /// suspended.
    fn decide_without(
        &self,
        deployment: &Deployment,
        facts: &Arc<Facts>,
        suspensions: &Suspensions,
    ) -> Decision {
        let consulted = Cell::new(false);
        let context = MatchContext::new(deployment, facts, &consulted);
        let mut trace: Vec<Step> = Vec::with_capacity(self.chain.entries().len());
        let mut settled = false;
        for (place, entry) in self.chain.entries().iter().enumerate() {
            let step = if settled {
                step(entry, StepResult::Skipped)
            } else if let Some(last) = suspensions.suspended(place) {
                let last = Arc::clone(last);
                step(entry, StepResult::Failed(StrategyError::Suspended { last }))
            } else {
                assess(entry, context)
            };
            settled = settled || self.policy.settles(&step);
            trace.push(step);
        }
        let ranking = decision::rank(&trace, &facts.index);
        let degradations = degradations(&trace, &self.chain, deployment, consulted.get());
        let outcome = if degradations.is_empty() {
            self.policy.judge(&trace, &ranking)
        } else {
            Outcome::Review(ReviewReason::Degraded)
        };
        Decision {
            deployment: deployment.summary.name.clone(),
            outcome,
            ranking,
            degradations,
            trace,
            chain: self.fingerprint,
        }
    }

    /// Decides about each deployment by itself, on worker threads; the
    /// decisions come in the order of the deployments.
    #[must_use]
    pub fn decide_each(&self, deployments: &[Deployment], facts: &Facts) -> Vec<Decision> {
        self.decide_next(deployments, facts, &mut Suspensions::default())
    }

    /// Decides about the next deployments of a run: a strategy that goes over
    /// its limits too often in a row, counted in the order of the deployments,
    /// is not asked again.
    ///
    /// Deployments are decided ahead, in parallel; where a strategy turns out to
    /// be suspended, what was decided beyond that point is decided anew. So the
    /// decisions are those of one thread that goes from one deployment to the
    /// next, whatever the number of threads or the size of batches.
    #[must_use]
    pub fn decide_next(
        &self,
        deployments: &[Deployment],
        facts: &Facts,
        suspensions: &mut Suspensions,
    ) -> Vec<Decision> {
        let mut decisions: Vec<Decision> = Vec::new();
        while decisions.len() < deployments.len() {
            let rest = &deployments[decisions.len()..];
            let before = suspensions.clone();
            let decided = workers::map_in_order(
                rest,
                self.workers,
                // Each thread counts references to facts of its own: threads that
                // share a counter wait for each other at every script.
                || Arc::new(facts.clone()),
                |facts, deployment| self.decide_without(deployment, facts, &before),
                |decision| if suspensions.note(decision) { Next::Stop } else { Next::GoOn },
            );
            if decisions.is_empty() {
                decisions = decided;
            } else {
                decisions.extend(decided);
            }
        }
        decisions
    }

    /// Decides about a whole fleet: each deployment by itself, then what several
    /// of them claim.
    #[must_use]
    pub fn decide_all(&self, deployments: &[Deployment], facts: &Facts) -> Vec<Decision> {
        let mut decisions = self.decide_each(deployments, facts);
        settle_claims(&mut decisions, &facts.index);
        decisions
    }
}

fn step(entry: &ChainEntry, result: StepResult) -> Step {
    Step {
        strategy: entry.id.clone(),
        family: entry.meta.family,
        result,
        refused: Vec::new(),
        reads: Vec::new(),
    }
}

/// Runs one strategy. Whatever it does, the chain goes on.
fn assess(entry: &ChainEntry, context: MatchContext<'_>) -> Step {
    let reads = RefCell::new(Vec::new());
    let said = catch_unwind(AssertUnwindSafe(|| entry.strategy.assess(context.noting(&reads))))
        .unwrap_or_else(|payload| Err(StrategyError::Panicked(panic_text(payload.as_ref()))));
    let step = match said {
        Err(error) => step(entry, StepResult::Failed(error)),
        Ok(Opinion::Propose(proposals)) => admitted(entry, context, proposals),
        Ok(opinion) => step(entry, StepResult::Said(opinion)),
    };
    Step { reads: reads.into_inner(), ..step }
}

fn admitted(entry: &ChainEntry, context: MatchContext<'_>, proposals: Vec<super::Proposal>) -> Step {
    let mut let_in = Vec::with_capacity(proposals.len());
    let mut refused = Vec::new();
    for proposal in proposals {
        match admit(context, &proposal.identity) {
            Admission::Admitted => let_in.push(proposal),
            Admission::Refused(why) => refused.push(Refusal { identity: proposal.identity, why: why.into() }),
            Admission::Impossible(why) => {
                let error = StrategyError::Inadmissible { identity: proposal.identity.to_string(), why };
                return Step { refused, ..step(entry, StepResult::Failed(error)) };
            }
        }
    }
    let opinion = if let_in.is_empty() {
        Opinion::abstain("proposed nothing that may compete")
    } else {
        Opinion::Propose(let_in)
    };
    Step { refused, ..step(entry, StepResult::Said(opinion)) }
}

/// A panic's message, shortened; it may hold anything.
fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    text.chars().take(super::evidence::LONGEST_NOTE).collect()
}

fn degradations(trace: &[Step], chain: &Chain, deployment: &Deployment, consulted: bool) -> Vec<Degradation> {
    let mut degradations: Vec<Degradation> = trace
        .iter()
        .zip(chain.entries())
        .filter(|(_, entry)| !entry.tolerated)
        .filter_map(|(step, _)| match &step.result {
            StepResult::Failed(error) => {
                Some(Degradation::Strategy { id: step.strategy.clone(), code: error.code().to_owned() })
            }
            _ => None,
        })
        .collect();
    // A chain that never looks at manifests is not harmed by a broken one.
    if consulted {
        let problems = deployment.manifest.document().problems();
        degradations.extend(
            problems
                .iter()
                .filter(|problem| problem.severity == Severity::Fault)
                .map(|problem| Degradation::Manifest { code: problem.code, message: problem.to_string() }),
        );
    }
    degradations
}

fn fingerprint(chain: &Chain, policy: Policy) -> ChainFingerprint {
    let mut hash = Fnv::new();
    for entry in chain.entries() {
        hash.field(entry.id.as_str().as_bytes());
        hash.field(&entry.meta.version.to_le_bytes());
        hash.field(&entry.meta.priority.to_le_bytes());
        hash.field(entry.meta.family.to_string().as_bytes());
        if let Some(revision) = &entry.revision {
            hash.field(revision.as_bytes());
        }
        if entry.tolerated {
            hash.field(b"tolerated");
        }
    }
    hash.field(policy.to_string().as_bytes());
    ChainFingerprint(hash.0)
}
