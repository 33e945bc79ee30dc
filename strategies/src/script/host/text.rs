//! Functions on texts that naming rules need, bounded in size and work.

use std::cell::RefCell;
use std::rc::Rc;

use reconciler_core::model::ids::is_uuid;
use regex::{Regex, RegexBuilder};
use rhai::{Dynamic, EvalAltResult, ImmutableString, Module, NativeCallContext};

use super::deployment::texts;
use super::function;
use crate::script::call::charge;
use crate::script::failure::refuse;
use crate::script::limits::Limits;

type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// How many compiled patterns a thread keeps.
const KEPT: usize = 32;
/// What a pattern counts as, in bytes looked at, compiled before or not.
const COMPILING: usize = 20_000;
/// What a byte of text counts as: a pattern may look at it that often.
const MATCHING: usize = 64;

thread_local! {
    /// Compiled patterns by their text, the latest last. A thread's own, so that
    /// no call waits for another; shared, because a copy of a pattern begins
    /// without the memory that makes matching fast.
    static PATTERNS: RefCell<Vec<(String, Rc<Regex>)>> = const { RefCell::new(Vec::new()) };
}

/// Applies a pattern, compiled at most once in a while on each thread. Costs the
/// same whether it was compiled before or not, so that the limits fall at the
/// same place on every thread.
fn with_pattern<T>(
    cx: &Context<'_>,
    text: &str,
    pattern: &str,
    apply: impl FnOnce(&Regex) -> T,
) -> Outcome<T> {
    let at = cx.call_position();
    let limits = Limits::STANDARD;
    charge(cx, COMPILING + text.len() * MATCHING, limits.work)?;
    let known = PATTERNS.with_borrow(|kept| {
        kept.iter().find(|(known, _)| known == pattern).map(|(_, regex)| Rc::clone(regex))
    });
    let regex = match known {
        Some(regex) => regex,
        None => {
            if pattern.chars().count() > limits.pattern {
                let message = format!("the pattern has more than {} characters", limits.pattern);
                return Err(refuse(at, "script.limit.pattern", message, None));
            }
            let built = RegexBuilder::new(pattern)
                .size_limit(limits.compiled_pattern)
                .dfa_size_limit(limits.compiled_pattern)
                .nest_limit(16)
                .build();
            let regex = built.map_err(|error| {
                let too_big = matches!(error, regex::Error::CompiledTooBig(_));
                let code = if too_big { "script.limit.pattern" } else { "script.pattern" };
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim().to_owned();
                refuse(at, code, format!("the pattern cannot be used: {reason}"), None)
            })?;
            let regex = Rc::new(regex);
            PATTERNS.with_borrow_mut(|kept| {
                if kept.len() >= KEPT {
                    kept.remove(0);
                }
                kept.push((pattern.to_owned(), Rc::clone(&regex)));
            });
            regex
        }
    };
    Ok(apply(&regex))
}

pub(super) fn register(module: &mut Module) {
    function(
        module,
        "is_uuid",
        &["text: String", "bool"],
        "Whether the text is a UUID of 36 characters, in any case.",
        |text: &str| is_uuid(text),
    );
    function(
        module,
        "matches",
        &["text: String", "pattern: String", "bool"],
        "Whether the regular expression fits somewhere in the text.",
        |cx: Context<'_>, text: &str, pattern: &str| -> Outcome<bool> {
            with_pattern(&cx, text, pattern, |regex| regex.is_match(text))
        },
    );
    function(
        module,
        "captures",
        &["text: String", "pattern: String", "?"],
        "The whole match and its groups as a list of texts, `\"\"` for a group that took no part; `()` without a match.",
        |cx: Context<'_>, text: &str, pattern: &str| -> Outcome<Dynamic> {
            with_pattern(&cx, text, pattern, |regex| {
                let found = regex.captures(text)?;
                let groups = found.iter().map(|group| group.map_or("", |group| group.as_str()));
                Some(texts(groups))
            })
            .map(|found| found.map_or(Dynamic::UNIT, Dynamic::from_array))
        },
    );
    function(
        module,
        "quoted",
        &["text: String", "String"],
        "The text as a regular expression that fits nothing else.",
        |cx: Context<'_>, text: &str| -> Outcome<ImmutableString> {
            charge(&cx, text.len(), Limits::STANDARD.work)?;
            Ok(regex::escape(text).into())
        },
    );
}
