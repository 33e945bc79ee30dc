//! What holds of every policy, whatever strategies say: properties over chains
//! of strategies whose opinions are drawn at random.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{
    ChainEntry, Confidence, Decision, Family, MatchContext, MatchEngine, MatchStrategy, Opinion, Outcome,
    Policy, PolicyKind, Proposal, Step, StepResult, StrategyError, StrategyMeta,
};
use reconciler_core::model::{Identity, InstanceId, PlanId, ServiceId};
use reconciler_tests::scene::{A, B, C, Scene};

/// The identities that are spoken of.
const IDENTITIES: [(&str, &str); 4] = [("small", A), ("small", B), ("small-ha", A), ("small-ha", C)];

/// The same cases in every run, and no files left behind.
fn bounded() -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(20);
    ProptestConfig { cases: 256, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

#[derive(Debug, Clone)]
enum Say {
    Abstain,
    /// Which identities, each with a confidence in per mille.
    Propose(Vec<(usize, u16)>),
    Veto(usize),
    Fail,
    Panic,
}

/// A strategy that always says the same.
#[derive(Debug, Clone)]
struct Voice {
    priority: u16,
    say: Say,
}

impl MatchStrategy for Voice {
    fn assess(&self, _context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        match &self.say {
            Say::Abstain => Ok(Opinion::abstain("nothing to say")),
            Say::Propose(said) => Ok(Opinion::Propose(
                said.iter()
                    .map(|(which, sure)| {
                        Proposal::new(identity(*which), Confidence::per_mille(*sure), Vec::new())
                    })
                    .collect(),
            )),
            Say::Veto(which) => Ok(Opinion::Veto { identity: identity(*which), evidence: Vec::new() }),
            Say::Fail => Err(StrategyError::Other { code: "voice.failed".into(), message: "failed".into() }),
            // Unwinds like a panic, without the message on stderr.
            Say::Panic => std::panic::resume_unwind(Box::new("panicked")),
        }
    }
}

fn identity(which: usize) -> Identity {
    let (plan, instance) = IDENTITIES[which];
    Identity {
        instance: InstanceId::new(instance).unwrap(),
        service: ServiceId::new("redis").unwrap(),
        plan: PlanId::new(format!("redis-{plan}")).unwrap(),
    }
}

/// A voice keeps its id wherever it stands in the list.
fn entries(voices: &[Voice]) -> Vec<ChainEntry> {
    let entry = |(at, voice): (usize, &Voice)| {
        let mut meta = StrategyMeta::new("", 1, voice.priority, Family::Name, "", "");
        meta.id = format!("voice-{at:02}").into();
        ChainEntry::new(meta, "here", Arc::new(voice.clone())).unwrap()
    };
    voices.iter().enumerate().map(entry).collect()
}

fn decide_by(entries: Vec<ChainEntry>, policy: Policy) -> Decision {
    let scene = Scene::of("redis: small small-ha").deployment("anything", Manifest::absent());
    let engine = MatchEngine::builder().with_entries(entries).policy(policy).build().unwrap();
    engine.decide(&scene.deployments[0], &scene.facts())
}

fn decide(voices: &[Voice], policy: Policy) -> Decision {
    decide_by(entries(voices), policy)
}

/// A chain with one voice more. It comes last by id, so that the others keep
/// theirs, but wherever its priority puts it.
fn with(voices: &[Voice], priority: u16, say: Say) -> Vec<Voice> {
    voices.iter().cloned().chain([Voice { priority, say }]).collect()
}

fn confidence() -> impl Strategy<Value = u16> {
    prop_oneof![select(vec![0, 300, 550, 699, 700, 701, 850, 851, 1000]), 0..=1000_u16]
}

fn proposals() -> impl Strategy<Value = Say> {
    prop::collection::vec((0..IDENTITIES.len(), confidence()), 1..3).prop_map(Say::Propose)
}

fn healthy() -> impl Strategy<Value = Vec<Voice>> {
    let say = prop_oneof![
        6 => proposals(),
        1 => Just(Say::Abstain),
        1 => (0..IDENTITIES.len()).prop_map(Say::Veto),
    ];
    let voice = (0..4_u16, say).prop_map(|(priority, say)| Voice { priority, say });
    prop::collection::vec(voice, 1..5)
}

fn policy_of(kind: impl Strategy<Value = PolicyKind>) -> impl Strategy<Value = Policy> {
    (kind, select(vec![0, 500, 700, 1000]), select(vec![0, 1, 150])).prop_map(|(kind, threshold, margin)| {
        Policy { kind, threshold: Confidence::per_mille(threshold), margin: Confidence::per_mille(margin) }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    policy_of(select(vec![PolicyKind::Best, PolicyKind::FirstMatch]))
}

fn broken_say() -> impl Strategy<Value = Say> {
    select(vec![Say::Fail, Say::Panic])
}

/// The decision's trace without the voice that was added.
fn others(decision: &Decision, added: usize) -> Vec<&Step> {
    let id = format!("voice-{added:02}");
    decision.trace.iter().filter(|step| step.strategy.as_str() != id).collect()
}

/// The place of the voice that decided under `first-match`.
fn deciding(decision: &Decision, policy: Policy) -> Option<usize> {
    let step = decision.trace.iter().find(|step| policy.settles(step))?;
    step.strategy.as_str().trim_start_matches("voice-").parse().ok()
}

/// Makes everything that a voice says for an identity more certain.
fn raised(voice: &Voice, winner: &Identity, by: u16) -> Voice {
    let mut voice = voice.clone();
    if let Say::Propose(said) = &mut voice.say {
        for (_, sure) in said.iter_mut().filter(|(which, _)| identity(*which) == *winner) {
            *sure = (*sure + by).min(1000);
        }
    }
    voice
}

proptest! {
    #![proptest_config(bounded())]

    #[test]
    fn the_order_of_registration_never_changes_a_decision(
        (voices, order) in healthy().prop_flat_map(|voices| {
            let order = Just((0..voices.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(voices), order)
        }),
        policy in policy(),
    ) {
        let given = entries(&voices);
        let shuffled: Vec<ChainEntry> = order.iter().map(|at| given[*at].clone()).collect();
        let selection: Vec<String> = shuffled.iter().map(|entry| entry.id.to_string()).collect();
        let decision = decide_by(given.clone(), policy);
        prop_assert_eq!(&decide_by(shuffled, policy), &decision);
        // `best` does not even depend on the order of the chain.
        if policy.kind == PolicyKind::Best {
            let scene = Scene::of("redis: small small-ha").deployment("anything", Manifest::absent());
            let engine =
                MatchEngine::builder().with_entries(given).select(selection).policy(policy).build().unwrap();
            let chosen = engine.decide(&scene.deployments[0], &scene.facts());
            let order = |one: &Decision| -> Vec<_> {
                one.ranking.iter().map(|ranked| (ranked.identity.clone(), ranked.confidence)).collect()
            };
            prop_assert_eq!((order(&chosen), chosen.outcome), (order(&decision), decision.outcome));
        }
    }

    #[test]
    fn an_abstaining_strategy_changes_nothing_but_the_trace(
        voices in healthy(), policy in policy(), priority in 0..4_u16,
    ) {
        let before = decide(&voices, policy);
        let after = decide(&with(&voices, priority, Say::Abstain), policy);
        prop_assert_eq!(&after.outcome, &before.outcome);
        prop_assert_eq!(&after.ranking, &before.ranking);
        prop_assert_eq!(&after.degradations, &before.degradations);
        prop_assert_eq!(others(&after, voices.len()), before.trace.iter().collect::<Vec<_>>());
        prop_assert_eq!(after.trace.len(), before.trace.len() + 1);
    }

    #[test]
    fn a_veto_never_creates_a_match(
        voices in healthy(), policy in policy(), priority in 0..4_u16, against in 0..IDENTITIES.len(),
    ) {
        let before = decide(&voices, policy);
        let after = decide(&with(&voices, priority, Say::Veto(against)), policy);
        if after.identity().is_some() {
            prop_assert_eq!(&after.outcome, &before.outcome);
            prop_assert!(after.winner().is_some_and(|winner| !winner.vetoed));
        }
    }

    #[test]
    fn more_certainty_never_loses_the_match_under_best(
        voices in healthy(), policy in policy_of(Just(PolicyKind::Best)), at in any::<prop::sample::Index>(),
        by in 0..1000_u16,
    ) {
        let before = decide(&voices, policy);
        if let Some(winner) = before.identity() {
            let at = at.index(voices.len());
            let mut louder = voices.clone();
            louder[at] = raised(&voices[at], winner, by);
            prop_assert_eq!(&decide(&louder, policy).outcome, &before.outcome);
        }
    }

    #[test]
    fn more_certainty_never_loses_the_match_under_first_match(
        voices in healthy(), policy in policy_of(Just(PolicyKind::FirstMatch)),
        at in any::<prop::sample::Index>(), by in 0..1000_u16,
    ) {
        let before = decide(&voices, policy);
        if let Some(winner) = before.identity() {
            let decided = deciding(&before, policy).unwrap();
            let mut louder = voices.clone();
            louder[decided] = raised(&voices[decided], winner, by);
            prop_assert_eq!(&decide(&louder, policy).outcome, &before.outcome);
            // Certainty elsewhere may let a doubtful strategy decide first, but
            // never for somebody else.
            let at = at.index(voices.len());
            let mut louder = voices.clone();
            louder[at] = raised(&voices[at], winner, by);
            let after = decide(&louder, policy);
            prop_assert!(after.identity().is_none_or(|identity| identity == winner));
        }
    }

    #[test]
    fn a_match_is_sure_enough_and_ahead_of_all_others(voices in healthy(), policy in policy()) {
        let decision = decide(&voices, policy);
        let Some(winner) = decision.winner() else {
            prop_assert!(decision.identity().is_none());
            return Ok(());
        };
        prop_assert!(winner.confidence >= policy.threshold);
        let decided = deciding(&decision, policy);
        for other in decision.ranking.iter().filter(|other| other.identity != winner.identity) {
            // Under `first-match`, only what the deciding strategy says competes.
            let rival = match decided.map(|at| &voices[at].say) {
                Some(Say::Propose(said)) => {
                    let sure = said.iter().filter(|(which, _)| identity(*which) == other.identity);
                    sure.map(|(_, sure)| *sure).max()
                }
                _ => Some(other.confidence.as_per_mille()),
            };
            let lead = rival.map(|rival| winner.confidence.as_per_mille().saturating_sub(rival));
            prop_assert!(lead.is_none_or(|lead| lead > 0 && lead >= policy.margin.as_per_mille()));
        }
    }

    #[test]
    fn a_tie_is_never_a_match(
        voices in healthy(), policy in policy(), sure in 1..=1000_u16, top in 0..4_u16,
    ) {
        // Nobody is surer than the tied ones.
        let quieter: Vec<Voice> = voices
            .into_iter()
            .map(|mut voice| {
                if let Say::Propose(said) = &mut voice.say {
                    said.iter_mut().for_each(|(_, confidence)| *confidence = (*confidence).min(sure - 1));
                }
                Voice { priority: voice.priority.min(top), ..voice }
            })
            .collect();
        let tied = Say::Propose(vec![(0, sure), (3, sure)]);
        let mut voices = vec![Voice { priority: 4, say: tied }];
        voices.extend(quieter);
        prop_assert!(decide(&voices, policy).identity().is_none());
    }

    #[test]
    fn a_failing_strategy_always_degrades_and_hides_nobody(
        voices in healthy(), policy in policy(), priority in 0..4_u16, say in broken_say(),
    ) {
        let before = decide(&voices, policy);
        let after = decide(&with(&voices, priority, say), policy);
        prop_assert_eq!(&after.ranking, &before.ranking);
        prop_assert_eq!(others(&after, voices.len()), before.trace.iter().collect::<Vec<_>>());
        let id = format!("voice-{:02}", voices.len());
        let step = after.trace.iter().find(|step| step.strategy.as_str() == id).unwrap();
        if step.result == StepResult::Skipped {
            prop_assert_eq!(policy.kind, PolicyKind::FirstMatch);
            prop_assert_eq!(&after.outcome, &before.outcome);
        } else {
            prop_assert!(after.is_degraded() && after.identity().is_none());
        }
    }

    #[test]
    fn nobody_sure_enough_is_never_a_match(
        voices in healthy(), policy in policy(), threshold in 1..=1000_u16,
    ) {
        let policy = Policy { threshold: Confidence::per_mille(threshold), ..policy };
        let quieter: Vec<Voice> = voices
            .into_iter()
            .map(|mut voice| {
                if let Say::Propose(said) = &mut voice.say {
                    said.iter_mut().for_each(|(_, sure)| *sure = (*sure).min(threshold - 1));
                }
                voice
            })
            .collect();
        prop_assert!(decide(&quieter, policy).identity().is_none());
    }
}

#[test]
fn first_match_hears_only_the_deciding_strategy() {
    let voices = [(2, 1, 699), (1, 0, 800), (0, 2, 900)]
        .map(|(priority, which, sure)| Voice { priority, say: Say::Propose(vec![(which, sure)]) });
    let policy = Policy { kind: PolicyKind::FirstMatch, ..Policy::default() };
    assert_eq!(decide(&voices, policy).outcome, Outcome::Matched(identity(0)));
    assert!(decide(&voices, Policy::default()).identity().is_none());
}

#[test]
fn the_chains_that_are_drawn_reach_every_outcome() {
    let mut runner = TestRunner::new(bounded());
    let mut reached = BTreeSet::new();
    let mut matched = 0;
    for _ in 0..256 {
        let (voices, policy) = (healthy(), policy()).new_tree(&mut runner).unwrap().current();
        let outcome = decide(&voices, policy).outcome;
        matched += usize::from(matches!(outcome, Outcome::Matched(_)));
        reached.insert(match outcome {
            Outcome::Review(reason) => reason.name(),
            other => other.name(),
        });
    }
    let all = ["ambiguous", "below-threshold", "contradicted", "matched", "unmatched"];
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), all);
    assert!(matched > 50, "only {matched} of 256 chains match");
}
