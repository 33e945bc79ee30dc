//! Rhai's errors in our words: the innermost place, the chain of calls, a code.

use std::fmt;
use std::sync::Arc;

use reconciler_core::manifest::Location;
use reconciler_core::matching::{LONGEST_NOTE, nearest};
use rhai::{Dynamic, EvalAltResult, ParseError, ParseErrorType, Position};

use super::call::{Stopped, one_line};
use super::limits::Limits;
use super::problem::{Frame, ScriptProblem};
use super::source;
use super::vocabulary::Vocabulary;

/// What a function of the host says when it cannot do what is asked; travels
/// through the script as a thrown value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// A refusal as Rhai carries it.
pub(super) fn refuse(
    at: Position,
    code: &'static str,
    message: impl Into<String>,
    help: Option<&str>,
) -> Box<EvalAltResult> {
    let refusal = Refusal { code, message: message.into(), help: help.map(str::to_owned) };
    EvalAltResult::ErrorRuntime(Dynamic::from(refusal), at).into()
}

/// Rhai's place in our form.
pub(super) fn location(at: Position) -> Option<Location> {
    let line = u32::try_from(at.line()?).ok()?;
    let column = at.position().and_then(|column| u32::try_from(column).ok()).unwrap_or(1);
    Some(Location { line, column })
}

/// A script that could not be parsed.
pub(super) fn unparsed(file: &Arc<str>, source: &str, error: &ParseError) -> ScriptProblem {
    let (code, help) = parse_code(error.err_type());
    let problem = ScriptProblem::new(code, file, error.err_type().to_string());
    let problem = match help {
        Some(help) => problem.help(help),
        None => problem,
    };
    problem.at(location(error.position())).shown_in(source)
}

fn parse_code(error: &ParseErrorType) -> (&'static str, Option<String>) {
    match error {
        ParseErrorType::ExprTooDeep => (
            "script.limit.expression-depth",
            Some(format!(
                "expressions nest at most {} deep; give parts of it names with `let`",
                Limits::STANDARD.expression_depth
            )),
        ),
        ParseErrorType::TooManyFunctions => {
            ("script.limit.functions", Some(format!("a script has at most {}", Limits::STANDARD.functions)))
        }
        ParseErrorType::LiteralTooLarge(..) => {
            ("script.limit.size", Some("see `Limits` in docs/scripts.md for the sizes".to_owned()))
        }
        ParseErrorType::VariableUndefined(_) => ("script.unknown-variable", None),
        _ => ("script.syntax", left_out(&error.to_string())),
    }
}

/// What to say of words and signs that Rhai knows and a script may not use.
fn left_out(message: &str) -> Option<String> {
    let named = ["'eval'", "'import'", "'export'", "'|'", "'||'"].iter().any(|word| message.contains(word));
    named.then(|| "`eval`, `import`, `export` and closures are not part of the language here".to_owned())
}

/// A call that failed: `entry` is the function that was called from outside.
pub(super) fn failed(
    file: &Arc<str>,
    source: &str,
    entry: &str,
    error: EvalAltResult,
    vocabulary: &Vocabulary,
) -> ScriptProblem {
    let mut inside = vec![Frame { function: entry.to_owned(), called_at: None }];
    let mut innermost = error;
    let mut last = Position::NONE;
    while let EvalAltResult::ErrorInFunctionCall(function, _, inner, at) = innermost {
        inside.insert(0, Frame { function, called_at: location(at) });
        last = at;
        innermost = *inner;
    }
    let mut at = innermost.take_position();
    if at.is_none() {
        at = last;
    }
    let Said { code, message, help } = said(innermost, vocabulary);
    let mut problem = ScriptProblem::new(code, file, message).at(location(at)).shown_in(source);
    // An endless recursion would fill pages.
    inside.dedup_by(|a, b| a.function == b.function);
    problem.inside = inside;
    problem.help = help;
    problem
}

struct Said {
    code: &'static str,
    message: String,
    help: Option<String>,
}

fn said(error: EvalAltResult, vocabulary: &Vocabulary) -> Said {
    let limits = Limits::STANDARD;
    let plain = |code, message: String| Said { code, message, help: None };
    let helped = |code, message: String, help: &str| Said { code, message, help: Some(help.to_owned()) };
    match error {
        EvalAltResult::ErrorTooManyOperations(_) => stopped(Some(Stopped::Operations)),
        EvalAltResult::ErrorStackOverflow(_) => helped(
            "script.limit.call-depth",
            format!("functions call each other more than {} levels deep", limits.call_levels),
            "look for a function that calls itself without end",
        ),
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            let most = match what.as_str() {
                "Length of string" => format!("a text of more than {} bytes", limits.text),
                "Size of object map" => format!("a map of more than {} entries", limits.map),
                _ => format!("a list of more than {} items", limits.list),
            };
            plain("script.limit.size", most)
        }
        EvalAltResult::ErrorTooManyVariables(_) => {
            plain("script.limit.variables", format!("more than {} variables", limits.variables))
        }
        EvalAltResult::ErrorTerminated(token, _) => stopped(token.try_cast()),
        EvalAltResult::ErrorRuntime(thrown, _) => match thrown.clone().try_cast::<Refusal>() {
            Some(Refusal { code, message, help }) => Said { code, message: cut(&message), help },
            // A handle shows the name that it has in the program.
            None if thrown.is_variant() => {
                plain("script.thrown", "threw a value that is no text; throw a text that says why".to_owned())
            }
            None => plain("script.thrown", format!("threw: {}", cut(&thrown.to_string()))),
        },
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let name = signature.split([' ', '(']).next().unwrap_or(&signature).to_owned();
            let help = if vocabulary.has_function(&name) {
                Some("the function exists, but not for values of these kinds; `()` means that something was not found".to_owned())
            } else {
                vocabulary.nearest_function(&name).map(|near| format!("did you mean `{near}`?"))
            };
            let message = match name.strip_prefix("get$") {
                Some(property) => format!("a value of this kind has no property `{property}`"),
                None => format!("there is no function `{}`", cut(&signature)),
            };
            Said { code: "script.unknown-function", message, help }
        }
        EvalAltResult::ErrorDotExpr(message, _) => {
            let property = message.split('\'').nth(1).unwrap_or_default().to_owned();
            let help = if message.contains("type '()'") {
                Some("`()` means that something was not found: compare with it before you go on".to_owned())
            } else {
                vocabulary.nearest_property(&property).map(|near| format!("did you mean `{near}`?"))
            };
            Said { code: "script.unknown-property", message: cut(&message), help }
        }
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            plain("script.unknown-property", format!("the map has no property `{}`", cut(&name)))
        }
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            plain("script.unknown-variable", format!("there is no variable `{}`", cut(&name)))
        }
        EvalAltResult::ErrorMismatchDataType(..) | EvalAltResult::ErrorMismatchOutputType(..) => {
            plain("script.type", cut(&error.to_string()))
        }
        other => plain("script.failed", cut(&other.to_string())),
    }
}

fn stopped(why: Option<Stopped>) -> Said {
    let limits = Limits::STANDARD;
    match why {
        Some(Stopped::Operations) => Said {
            code: "script.limit.operations",
            message: format!("took more than {} operations", limits.operations),
            help: Some("look for a loop that does not end".to_owned()),
        },
        Some(Stopped::Work) => Said {
            code: "script.limit.work",
            message: format!("its calls looked at more than {} bytes", limits.work),
            help: Some("look for a regular expression in a loop".to_owned()),
        },
        _ => Said {
            code: "script.limit.wall-clock",
            message: format!("took longer than {} s", limits.wall_clock.as_secs()),
            help: Some("run it again; if it is slow everywhere, look for work inside loops".to_owned()),
        },
    }
}

/// A call that was ended, though the script made nothing of it.
pub(super) fn ended(file: &Arc<str>, source: &str, entry: &str, why: Stopped) -> ScriptProblem {
    let Said { code, message, help } = stopped(Some(why));
    let mut problem = ScriptProblem::new(code, file, message).at(source::function(source, entry));
    problem.inside = vec![Frame { function: entry.to_owned(), called_at: None }];
    problem.help = help;
    problem.shown_in(source)
}

/// The same problem at the place where the script was, in the function there;
/// at its beginning if nobody knows.
pub(super) fn placed(mut problem: ScriptProblem, at: Position, entry: &str, source: &str) -> ScriptProblem {
    let at = location(at);
    if let Some(at) = at {
        let functions = source::functions(source);
        let here = functions.iter().rev().find(|(_, begins)| begins.line <= at.line);
        if let Some((function, _)) = here.filter(|(function, _)| function != entry) {
            problem.inside.insert(0, Frame { function: function.clone(), called_at: None });
        }
    }
    problem.at(at.or_else(|| source::function(source, entry))).shown_in(source)
}

/// A panic of a host function, seen as the script's failure at that call.
pub(super) fn panicked(
    file: &Arc<str>,
    source: &str,
    at: Position,
    panic: &(dyn std::any::Any + Send),
) -> ScriptProblem {
    let text = panic.downcast_ref::<&str>().copied();
    let text =
        text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message");
    ScriptProblem::new("script.panicked", file, format!("a function of the host panicked: {}", cut(text)))
        .at(location(at))
        .shown_in(source)
        .help("this is a fault of the program, not of the script; please report it")
}

/// A message that a script had a hand in, kept short and on one line.
fn cut(text: &str) -> String {
    one_line(text, LONGEST_NOTE)
}

/// The known name that is nearest to a wrong one.
pub(super) fn near(name: &str, known: &[String]) -> Option<String> {
    nearest(name, known)
}
