//! The matching framework: strategies, opinions, the chain, policies, the
//! engine and its decisions. Pure: knows nothing of ports, stores, clocks,
//! scripts or command lines.

mod admission;
mod chain;
mod claims;
mod confidence;
mod context;
mod decision;
mod engine;
mod evaluation;
mod evidence;
mod explanation;
mod failures;
mod opinion;
mod policy;
mod registry;
mod rules;
mod strategy;
mod suspension;
mod sweep;
mod view;
mod waterfall;
mod why_not;
mod workers;

pub use admission::INSTANCE_ID_PATHS;
pub use chain::{Chain, ChainEntry, ChainError, ChainFingerprint, nearest};
pub use claims::settle_claims;
pub use confidence::{Confidence, InvalidConfidence};
pub use context::{Facts, MatchContext};
pub use decision::{Decision, Degradation, Outcome, Ranked, Refusal, ReviewReason, Step, StepResult};
pub use engine::{MatchEngine, MatchEngineBuilder};
pub use evaluation::{
    Confusion, Decided, Evaluation, Expected, Label, Matches, Measure, StrategyScore, Verdict,
};
pub use evidence::{Evidence, Family, LONGEST_NOTE, Locus, Read};
pub use explanation::Explanation;
pub use failures::StrategyFailure;
pub use opinion::{Opinion, Proposal};
pub use policy::{Policy, PolicyKind};
pub use registry::{StrategyRegistration, registered};
pub use rules::{RuleChange, Rules, StrategyRule};
pub use strategy::{BuiltinStrategy, MatchStrategy, StrategyError, StrategyMeta, priority};
pub use suspension::{OVER_LIMITS_IN_A_ROW, Suspensions};
pub use sweep::{SWEEP_STEP, SweepPoint, sweep};
pub use view::{DecisionView, SCHEMA_VERSION};
pub use waterfall::Waterfall;
pub use why_not::{Instead, Obstacle, Spoken, WhyNot};
pub use workers::{STACK_BYTES, THREAD_NAME};
