//! What `--why-not` says it would take is done, and makes the match: over the
//! fleets there are, whatever the policy.

use std::sync::{Arc, LazyLock};

use reconciler_core::matching::{
    ChainEntry, Confidence, Decision, Facts, Family, MatchContext, MatchEngine, MatchStrategy, Opinion,
    Outcome, Policy, PolicyKind, StepResult, StrategyError, StrategyMeta, WhyNot, settle_claims,
};
use reconciler_core::model::{Identity, InstanceId};
use reconciler_tests::fleets::{self, Fleet};
use regex::Regex;

use super::random::engine;

/// A strategy that says one thing.
#[derive(Debug)]
struct Says(Opinion);

impl MatchStrategy for Says {
    fn assess(&self, _: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        Ok(self.0.clone())
    }
}

fn entry(id: &str, family: Family, opinion: Opinion) -> ChainEntry {
    let meta = StrategyMeta::owned(id.to_owned(), 1, 1, family, "says".into(), "says".into());
    ChainEntry::new(meta, "a test", Arc::new(Says(opinion))).unwrap()
}

/// What is otherwise once remedies are followed.
#[derive(Debug, Default)]
struct Otherwise {
    /// What somebody says of the instance, and whether before all others.
    proposal: Option<Confidence>,
    first: bool,
    threshold: Option<Confidence>,
    margin: Option<Confidence>,
    /// The most that is said of an identity; of any other one.
    most_of: Vec<(String, Confidence)>,
    most: Option<Confidence>,
    silent: Vec<String>,
    no_vetoes: Vec<String>,
    gone: Vec<String>,
    elsewhere: Vec<String>,
}

/// The confidence that a remedy ends with, or holds.
fn number(text: &str) -> Confidence {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[01]\.\d{3}").unwrap());
    NUMBER.find(text).unwrap_or_else(|| panic!("no number in {text}")).as_str().parse().unwrap()
}

impl Otherwise {
    /// Follows one way out of an obstacle.
    fn follow(&mut self, what: &str, way: &str) {
        static QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`]+)`").unwrap());
        let names = || QUOTED.captures_iter(way).map(|found| found[1].to_owned());
        let rival = || what.split(" is ").next().unwrap().to_owned();
        if way.contains("that says at least") || way.starts_with("a proposal of at least") {
            self.proposal = self.proposal.max(Some(number(way)));
            self.first |= way.contains("before it");
        } else if way.starts_with("--threshold") {
            self.threshold = Some(number(way));
        } else if way.starts_with("--margin") {
            let margin = number(way);
            self.margin = Some(self.margin.map_or(margin, |least| least.min(margin)));
        } else if way.ends_with("for the other") {
            self.most_of.push((rival(), number(way)));
        } else if way.ends_with("for anything else") {
            self.most = Some(number(way));
        } else if way == "nobody that proposes the other" {
            self.silent.push(rival());
        } else if let Some(strategy) = way.strip_prefix("no veto by ") {
            self.no_vetoes.push(strategy.to_owned());
        } else if way.ends_with(" gone") {
            self.gone.extend(names());
        } else if way.ends_with("or matched to other instances") {
            self.elsewhere.extend(names());
        } else {
            let is_work = way == "a manifest that can be read" || way.ends_with("doing its work");
            assert!(is_work, "nobody can follow {way:?}");
        }
    }

    fn policy(&self, policy: Policy) -> Policy {
        let Policy { threshold, margin, .. } = policy;
        let threshold = self.threshold.unwrap_or(threshold);
        Policy { threshold, margin: self.margin.unwrap_or(margin), ..policy }
    }

    /// What a strategy says now.
    fn said(&self, strategy: &str, result: &StepResult, asked: &Identity) -> Opinion {
        match result {
            StepResult::Said(Opinion::Propose(proposals)) => {
                let mut left = proposals.clone();
                left.retain(|one| !self.silent.contains(&one.identity.to_string()));
                for one in left.iter_mut().filter(|one| one.identity != *asked) {
                    let of = self.most_of.iter().filter(|(rival, _)| *rival == one.identity.to_string());
                    let most = of.map(|(_, most)| *most).chain(self.most).min();
                    one.confidence = most.map_or(one.confidence, |most| one.confidence.min(most));
                }
                match left.is_empty() {
                    true => Opinion::abstain("silenced"),
                    false => Opinion::Propose(left),
                }
            }
            StepResult::Said(Opinion::Veto { .. }) if self.no_vetoes.iter().any(|one| one == strategy) => {
                Opinion::abstain("no veto")
            }
            StepResult::Said(opinion) => opinion.clone(),
            _ => Opinion::abstain("was not asked, or failed"),
        }
    }

    /// The same deployment, decided where all of this is otherwise.
    fn decide(&self, decision: &Decision, fleet: &Fleet, engine: &MatchEngine, asked: &Identity) -> Decision {
        let said = decision.trace.iter().map(|step| {
            let opinion = self.said(step.strategy.as_str(), &step.result, asked);
            entry(step.strategy.as_str(), step.family, opinion)
        });
        let mut chain: Vec<ChainEntry> = said.collect();
        if let Some(confidence) = self.proposal {
            let proposal = Opinion::propose(asked.clone(), confidence, Vec::new());
            let at = if self.first { 0 } else { chain.len() };
            chain.insert(at, entry("somebody", Family::Script, proposal));
        }
        let ids: Vec<String> = chain.iter().map(|entry| entry.id.to_string()).collect();
        let builder = MatchEngine::builder().with_entries(chain).select(ids);
        let engine = builder.policy(self.policy(engine.policy())).build().unwrap();
        let mut deployments = fleet.deployments.iter();
        let own = deployments.find(|one| one.summary.name == decision.deployment).unwrap();
        engine.decide(own, &fleet.facts)
    }

    /// The outcome for the deployment among the others.
    fn outcome(&self, decisions: &[Decision], own: Decision, facts: &Facts) -> Outcome {
        let name = own.deployment.clone();
        let mut all: Vec<Decision> = decisions.to_vec();
        all.retain(|one| one.deployment != name && !self.gone.contains(&one.deployment.to_string()));
        for one in all.iter_mut().filter(|one| self.elsewhere.contains(&one.deployment.to_string())) {
            one.outcome = Outcome::Unmatched;
            one.ranking.clear();
        }
        all.push(own);
        settle_claims(&mut all, &facts.index);
        all.pop().unwrap().outcome
    }
}

/// The identity that is asked about: the best that was proposed, else what the
/// index says, else any plan.
fn identity(decision: &Decision, fleet: &Fleet, policy: Policy, instance: &InstanceId) -> Option<Identity> {
    let competing = policy.competing(&decision.trace, &decision.ranking);
    let mut ranked = competing.iter().chain(&decision.ranking);
    let proposed = ranked.find(|one| one.identity.instance == *instance).map(|one| one.identity.clone());
    let recorded = || fleet.facts.index.entry(instance)?.identity();
    let in_catalog = |identity: &Identity| fleet.facts.catalog.plan(identity.plan.as_str()).is_some();
    proposed.or_else(recorded).filter(in_catalog)
}

/// Follows every remedy of every question there is about a fleet; how many.
fn follow_all(fleet: &Fleet, strategies: &[&str], policy: Policy, stride: usize) -> usize {
    let all = engine(policy.kind, 700).under(policy);
    let chain = all
        .chain()
        .entries()
        .iter()
        .filter(|entry| strategies.is_empty() || strategies.contains(&entry.id.as_str()));
    let engine = MatchEngine::builder().with_entries(chain.cloned()).policy(policy).build().unwrap();
    let mut alone = engine.decide_each(&fleet.deployments, &fleet.facts);
    let mut settled = alone.clone();
    settle_claims(&mut settled, &fleet.facts.index);
    // Claims are settled without what strategies said: there is less to copy.
    alone.iter_mut().for_each(|decision| decision.trace.clear());
    let entries: Vec<&InstanceId> = fleet.facts.index.entries().iter().map(|one| &one.instance).collect();
    let mut followed = 0;
    for (at, decision) in settled.iter().enumerate() {
        let ranked = decision.ranking.iter().map(|ranked| &ranked.identity.instance);
        let others = entries.iter().skip(at % stride).step_by(stride).copied();
        for instance in ranked.chain(others) {
            let why_not = WhyNot::of(decision, &settled, policy, &fleet.facts.index, instance);
            let Some(asked) = identity(decision, fleet, policy, instance).filter(|_| !why_not.matched) else {
                continue;
            };
            let ways: Vec<Vec<&str>> =
                why_not.obstacles.iter().map(|one| one.remedy.split("; or ").collect()).collect();
            let most = ways.iter().map(Vec::len).max().unwrap();
            // The first way out of all of them, the second, …; and each one with the
            // first of the others.
            let mut choices: Vec<Vec<usize>> = (0..most).map(|nth| vec![nth; ways.len()]).collect();
            for (obstacle, ways) in ways.iter().enumerate() {
                choices.extend((1..ways.len()).map(|nth| {
                    let mut choice = vec![0; why_not.obstacles.len()];
                    choice[obstacle] = nth;
                    choice
                }));
            }
            for choice in choices {
                let mut otherwise = Otherwise::default();
                for ((obstacle, ways), nth) in why_not.obstacles.iter().zip(&ways).zip(choice) {
                    otherwise.follow(&obstacle.what, ways[nth.min(ways.len() - 1)]);
                }
                let own = otherwise.decide(decision, fleet, &engine, &asked);
                let outcome = otherwise.outcome(&alone, own, &fleet.facts);
                let is_match = matches!(&outcome, Outcome::Matched(one) if one.instance == *instance);
                assert!(is_match, "{outcome:?} after {otherwise:?}\n{policy}\n{why_not}");
                followed += 1;
            }
        }
    }
    followed
}

/// Found in a review: claims of others were left out, and of the remedies that
/// were printed one in twelve did not help.
#[test]
fn every_remedy_makes_the_match() {
    let mut found: Vec<(Fleet, usize)> = vec![(fleets::load(&fleets::demo()), 12)];
    found.extend(fleets::shared().iter().map(|root| (fleets::load(root), 600)));
    let name_first = ["uuid-pattern", "name-heuristics", "release-based", "manifest-metadata"];
    for (fleet, stride) in &found {
        let mut followed = 0;
        let t = std::time::Instant::now();
        for strategies in [&[][..], &name_first] {
            for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
                for (threshold, margin) in [(700, 150), (920, 0), (100, 1000)] {
                    let [threshold, margin] = [threshold, margin].map(Confidence::per_mille);
                    let policy = Policy { kind, threshold, margin };
                    followed += follow_all(fleet, strategies, policy, *stride);
                }
            }
        }
        eprintln!("{followed} {:?}", t.elapsed());
        assert!(followed > 500, "{followed} of {}", fleet.name);
    }
}
