//! Sorting by a function of the script. Rhai's own takes whatever goes wrong in
//! that function for an answer; here it is the script's error.

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext};

use super::function;
use crate::script::failure::refuse;

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// What a comparer said: a number as its sign tells, or whether the first one
/// comes first.
fn order(cx: &Context<'_>, said: &Dynamic) -> Outcome<Ordering> {
    let said = said.as_int().ok().or_else(|| said.as_bool().ok().map(|first| if first { -1 } else { 1 }));
    said.map(|number| number.cmp(&0)).ok_or_else(|| {
        let help = "return -1, 0 or 1, or whether the first value comes before the second";
        refuse(
            cx.call_position(),
            "script.type",
            "what compares returned no number and no truth value",
            Some(help),
        )
    })
}

fn sort(cx: &Context<'_>, list: &mut Array, comparer: &FnPtr) -> Outcome<()> {
    let mut failure = None;
    let mut compare = |a: &Dynamic, b: &Dynamic| {
        if failure.is_some() {
            return Ordering::Equal;
        }
        let said = comparer.call_within_context::<Dynamic>(cx, (a.clone(), b.clone()));
        said.and_then(|said| order(cx, &said)).unwrap_or_else(|error| {
            failure = Some(error);
            Ordering::Equal
        })
    };
    // Sorting may panic where the answers contradict each other.
    let sorted = catch_unwind(AssertUnwindSafe(|| list.sort_by(&mut compare)));
    match (failure, sorted) {
        (Some(error), _) => Err(error),
        (None, Err(_)) => {
            let message = "what compares contradicts itself";
            Err(refuse(cx.call_position(), "script.failed", message, None))
        }
        (None, Ok(())) => Ok(()),
    }
}

fn dedup(cx: &Context<'_>, list: &mut Array, same: &FnPtr) -> Outcome<()> {
    let mut kept = Array::with_capacity(list.len());
    for value in std::mem::take(list) {
        let alike = match kept.last() {
            Some(last) => same.call_within_context::<bool>(cx, (Dynamic::clone(last), value.clone()))?,
            None => false,
        };
        if !alike {
            kept.push(value);
        }
    }
    *list = kept;
    Ok(())
}

pub(super) fn register(module: &mut Module) {
    const SIGN: &str = "a function of two values: -1, 0 or 1, or whether the first comes before the second";
    for name in ["sort", "sort_by"] {
        function(
            module,
            name,
            &["list: Array", "comparer: FnPtr", "()"],
            &format!("Sorts the list by {SIGN}."),
            |cx: Context<'_>, list: &mut Array, comparer: FnPtr| sort(&cx, list, &comparer),
        );
    }
    function(
        module,
        "sort",
        &["list: Array", "comparer: String", "()"],
        &format!("Sorts the list by the name of {SIGN}."),
        |cx: Context<'_>, list: &mut Array, comparer: &str| sort(&cx, list, &FnPtr::new(comparer)?),
    );
    for name in ["order", "order_by"] {
        function(
            module,
            name,
            &["list: Array", "comparer: FnPtr", "Array"],
            &format!("The list sorted by {SIGN}."),
            |cx: Context<'_>, list: &mut Array, comparer: FnPtr| -> Outcome<Array> {
                let mut sorted = list.clone();
                sort(&cx, &mut sorted, &comparer)?;
                Ok(sorted)
            },
        );
    }
    const SAME: &str = "Removes what a function of two values calls the same as its neighbour before it.";
    function(
        module,
        "dedup",
        &["list: Array", "same: FnPtr", "()"],
        SAME,
        |cx: Context<'_>, list: &mut Array, same: FnPtr| dedup(&cx, list, &same),
    );
    function(
        module,
        "dedup",
        &["list: Array", "same: String", "()"],
        SAME,
        |cx: Context<'_>, list: &mut Array, same: &str| dedup(&cx, list, &FnPtr::new(same)?),
    );
}
