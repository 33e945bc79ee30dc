//! The makers of opinions: `propose`, `veto`, `abstain`, and `because`.

use reconciler_core::matching::Confidence;
use reconciler_core::model::{Identity, InstanceId};
use rhai::{Dynamic, EvalAltResult, Module, NativeCallContext, Position};

use super::catalog::PlanHandle;
use super::function;
use super::parts::RecordHandle;
use crate::script::failure::refuse;
use crate::script::limits::Limits;
use reconciler_core::model::visible;

/// An identity a script proposes.
#[derive(Debug, Clone)]
pub(in crate::script) struct ProposedIdentity {
    pub(in crate::script) identity: Identity,
    pub(in crate::script) confidence: Confidence,
    pub(in crate::script) reasons: Vec<Reason>,
    /// Where it was made.
    pub(in crate::script) at: Position,
}

/// An identity a script knows to be wrong.
#[derive(Debug, Clone)]
pub(in crate::script) struct VetoedIdentity {
    pub(in crate::script) identity: Identity,
    pub(in crate::script) reasons: Vec<Reason>,
}

/// No opinion, and why.
#[derive(Debug, Clone)]
pub(in crate::script) struct Abstention(pub(in crate::script) String);

/// Why a script thinks so.
#[derive(Debug, Clone)]
pub(in crate::script) struct Reason {
    pub(in crate::script) code: String,
    pub(in crate::script) note: String,
    pub(in crate::script) at: Position,
}

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// A confidence from what scripts write: `0.85`, `1`.
fn confidence(at: Position, value: &Dynamic) -> Outcome<Confidence> {
    let number = value.as_float().ok();
    // Only 0 and 1 fit, and they convert exactly.
    let number = number.or_else(|| value.as_int().ok().and_then(|n| i32::try_from(n).ok()).map(f64::from));
    number.and_then(Confidence::from_unit).ok_or_else(|| {
        let shown = number.map_or_else(|| format!("a `{}`", value.type_name()), |n| n.to_string());
        refuse(
            at,
            "script.confidence",
            format!("{shown} is no confidence"),
            Some("give a number from 0 to 1, such as 0.85"),
        )
    })
}

fn identity(at: Position, instance: &Dynamic, plan: &Dynamic) -> Outcome<Identity> {
    let Some(PlanHandle(plan)) = plan.clone().try_cast::<PlanHandle>() else {
        let (message, help) = if plan.is_unit() {
            (
                "the plan is `()`: the catalog does not have it".to_owned(),
                "compare with `()` first, and abstain",
            )
        } else {
            (format!("a `{}` is no plan", plan.type_name()), "take one from the catalog: catalog.plan(\"…\")")
        };
        return Err(refuse(at, "script.unknown-plan", message, Some(help)));
    };
    let text = instance.as_immutable_string_ref().map(|text| text.to_string());
    let instance = match text {
        Ok(text) => InstanceId::new(text).map_err(|error| {
            refuse(at, "script.instance", error.to_string(), Some("an instance's id is usually a UUID"))
        })?,
        Err(kind) => {
            let message = format!("the instance's id is `{kind}`, not a text");
            return Err(refuse(at, "script.instance", message, Some("compare with `()` first, and abstain")));
        }
    };
    Ok(Identity { instance, service: plan.service, plan: plan.id })
}

fn reason(at: Position, code: &str, note: &str) -> Outcome<Reason> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if code.is_empty() || code.len() > 40 || !code.chars().all(fits) {
        let message = format!("`{}` is no code for a reason", code.chars().take(60).collect::<String>());
        return Err(refuse(
            at,
            "script.reason",
            message,
            Some("write words with dots, such as \"tags.service\""),
        ));
    }
    let note = visible(note).into_owned();
    Ok(Reason { code: code.to_owned(), note, at })
}

fn add(at: Position, reasons: &mut Vec<Reason>, code: &str, note: &str) -> Outcome<()> {
    let most = Limits::STANDARD.reasons;
    if reasons.len() >= most {
        return Err(refuse(at, "script.limit.reasons", format!("more than {most} reasons"), None));
    }
    reasons.push(reason(at, code, note)?);
    Ok(())
}

pub(super) fn register(module: &mut Module) {
    module
        .set_custom_type::<ProposedIdentity>("Proposal")
        .set_custom_type::<VetoedIdentity>("Veto")
        .set_custom_type::<Abstention>("Abstention");
    function(
        module,
        "propose",
        &["instance: String", "plan: Plan", "confidence: float", "Proposal"],
        "This deployment is that instance of that plan, as sure as 0 to 1.",
        |cx: Context<'_>, instance: Dynamic, plan: Dynamic, sure: Dynamic| -> Outcome<ProposedIdentity> {
            let at = cx.call_position();
            let identity = identity(at, &instance, &plan)?;
            Ok(ProposedIdentity { identity, confidence: confidence(at, &sure)?, reasons: Vec::new(), at })
        },
    );
    function(
        module,
        "propose",
        &["record: Record", "confidence: float", "Proposal"],
        "This deployment is the instance of that record, as sure as 0 to 1.",
        |cx: Context<'_>, record: RecordHandle, sure: Dynamic| -> Outcome<ProposedIdentity> {
            let at = cx.call_position();
            let confidence = confidence(at, &sure)?;
            Ok(ProposedIdentity { identity: record.0, confidence, reasons: Vec::new(), at })
        },
    );
    function(
        module,
        "veto",
        &["instance: String", "plan: Plan", "Veto"],
        "This deployment is not that instance of that plan, whatever others say.",
        |cx: Context<'_>, instance: Dynamic, plan: Dynamic| -> Outcome<VetoedIdentity> {
            let identity = identity(cx.call_position(), &instance, &plan)?;
            Ok(VetoedIdentity { identity, reasons: Vec::new() })
        },
    );
    function(
        module,
        "veto",
        &["record: Record", "Veto"],
        "This deployment is not the instance of that record, whatever others say.",
        |record: RecordHandle| VetoedIdentity { identity: record.0, reasons: Vec::new() },
    );
    function(module, "abstain", &["why: String", "Abstention"], "No opinion, and why.", |why: &str| {
        Abstention(visible(why).into_owned())
    });
    function(
        module,
        "because",
        &["proposal: Proposal", "code: String", "note: String", "Proposal"],
        "The same proposal with a reason: a code that stays the same, and a note for people.",
        |cx: Context<'_>, mut one: ProposedIdentity, code: &str, note: &str| -> Outcome<ProposedIdentity> {
            add(cx.call_position(), &mut one.reasons, code, note)?;
            Ok(one)
        },
    );
    function(
        module,
        "because",
        &["veto: Veto", "code: String", "note: String", "Veto"],
        "The same veto with a reason: a code that stays the same, and a note for people.",
        |cx: Context<'_>, mut one: VetoedIdentity, code: &str, note: &str| -> Outcome<VetoedIdentity> {
            add(cx.call_position(), &mut one.reasons, code, note)?;
            Ok(one)
        },
    );
}
