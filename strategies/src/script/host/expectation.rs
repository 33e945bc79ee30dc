//! What the tests of scripts expect.

use rhai::{Array, Dynamic, EvalAltResult, Module, NativeCallContext, Position};

use super::function;
use super::opinion::{Abstention, ProposedIdentity, VetoedIdentity};
use crate::script::call::charge;
use crate::script::failure::refuse;
use crate::script::limits::Limits;

/// What came out of `assess`, to be held against what is expected.
#[derive(Debug, Clone)]
struct Expectation(Dynamic);

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// The code of a test that did not get what it expected.
pub(in crate::script) const UNMET: &str = "script.test-failed";

fn unmet(at: Position, message: impl Into<String>) -> Box<EvalAltResult> {
    refuse(at, UNMET, message, None)
}

impl Expectation {
    fn proposals(&self) -> Vec<ProposedIdentity> {
        match self.0.clone().try_cast::<Array>() {
            Some(several) => several.into_iter().filter_map(Dynamic::try_cast).collect(),
            None => self.0.clone().try_cast().into_iter().collect(),
        }
    }

    fn shown(&self) -> String {
        if let Some(Abstention(why)) = self.0.clone().try_cast() {
            return format!("abstain(\"{why}\")");
        }
        if let Some(vetoed) = self.0.clone().try_cast::<VetoedIdentity>() {
            return format!("a veto of {}", vetoed.identity);
        }
        let proposals = self.proposals();
        if proposals.is_empty() {
            return format!("a `{}`", self.0.type_name());
        }
        let shown = proposals.iter().map(|one| format!("{} at {}", one.identity, one.confidence));
        shown.collect::<Vec<_>>().join(" and ")
    }
}

/// Short, for messages.
fn shown(value: &Dynamic) -> String {
    let text = value.to_string();
    match value.is_string() {
        true => format!("\"{}\"", text.chars().take(100).collect::<String>()),
        false => text.chars().take(100).collect(),
    }
}

pub(super) fn register(module: &mut Module) {
    module.set_custom_type::<Expectation>("Expectation");
    function(
        module,
        "expect",
        &["opinion: ?", "Expectation"],
        "In tests: holds what assess() returned against what is expected.",
        |value: Dynamic| Expectation(value),
    );
    function(
        module,
        "abstains",
        &["expectation: Expectation", "Expectation"],
        "In tests: it has no opinion.",
        |cx: Context<'_>, one: &mut Expectation| -> Outcome<Expectation> {
            if one.0.is::<Abstention>() {
                return Ok(one.clone());
            }
            Err(unmet(cx.call_position(), format!("expected no opinion, got {}", one.shown())))
        },
    );
    function(
        module,
        "proposes",
        &["expectation: Expectation", "instance: String", "plan: String", "Expectation"],
        "In tests: it proposes that instance of that plan, perhaps among others.",
        |cx: Context<'_>, one: &mut Expectation, instance: &str, plan: &str| -> Outcome<Expectation> {
            let fits = |p: &ProposedIdentity| {
                p.identity.instance.as_str() == instance && p.identity.plan.as_str() == plan
            };
            if one.proposals().iter().any(fits) {
                return Ok(one.clone());
            }
            Err(unmet(cx.call_position(), format!("expected {plan} / {instance}, got {}", one.shown())))
        },
    );
    function(
        module,
        "vetoes",
        &["expectation: Expectation", "instance: String", "plan: String", "Expectation"],
        "In tests: it vetoes that instance of that plan.",
        |cx: Context<'_>, one: &mut Expectation, instance: &str, plan: &str| -> Outcome<Expectation> {
            let vetoed = one.0.clone().try_cast::<VetoedIdentity>();
            if vetoed
                .is_some_and(|v| v.identity.instance.as_str() == instance && v.identity.plan.as_str() == plan)
            {
                return Ok(one.clone());
            }
            Err(unmet(
                cx.call_position(),
                format!("expected a veto of {plan} / {instance}, got {}", one.shown()),
            ))
        },
    );
    function(
        module,
        "with_reason",
        &["expectation: Expectation", "code: String", "Expectation"],
        "In tests: a reason with that code is given.",
        |cx: Context<'_>, one: &mut Expectation, code: &str| -> Outcome<Expectation> {
            let vetoed = one.0.clone().try_cast::<VetoedIdentity>();
            let mut reasons: Vec<String> =
                one.proposals().into_iter().flat_map(|p| p.reasons).map(|reason| reason.code).collect();
            reasons.extend(vetoed.into_iter().flat_map(|v| v.reasons).map(|reason| reason.code));
            if reasons.iter().any(|given| given == code) {
                return Ok(one.clone());
            }
            let given = if reasons.is_empty() { "none".to_owned() } else { reasons.join(", ") };
            Err(unmet(cx.call_position(), format!("expected the reason `{code}`, got {given}")))
        },
    );
    function(
        module,
        "with_confidence",
        &["expectation: Expectation", "confidence: float", "Expectation"],
        "In tests: the best proposal is exactly that sure, before any cap.",
        |cx: Context<'_>, one: &mut Expectation, expected: f64| -> Outcome<Expectation> {
            let best = one.proposals().iter().map(|p| p.confidence).max();
            if best.is_some() && best == reconciler_core::matching::Confidence::from_unit(expected) {
                return Ok(one.clone());
            }
            let message = format!("expected the confidence {expected}, got {}", one.shown());
            Err(unmet(cx.call_position(), message))
        },
    );
    register_assertions(module);
}

fn register_assertions(module: &mut Module) {
    function(
        module,
        "assert",
        &["holds: bool", "what: String", "()"],
        "In tests: ends the test if it does not hold.",
        |cx: Context<'_>, holds: bool, what: &str| -> Outcome<()> {
            if holds { Ok(()) } else { Err(unmet(cx.call_position(), format!("does not hold: {what}"))) }
        },
    );
    function(
        module,
        "assert_eq",
        &["got: ?", "expected: ?", "()"],
        "In tests: ends the test if the two differ.",
        |cx: Context<'_>, got: Dynamic, expected: Dynamic| -> Outcome<()> {
            let (got, expected) = (shown(&got), shown(&expected));
            charge(&cx, got.len() + expected.len(), Limits::STANDARD.work)?;
            if got == expected {
                return Ok(());
            }
            Err(unmet(cx.call_position(), format!("expected {expected}, got {got}")))
        },
    );
}
