//! Where a script was when something ended it from outside: Rhai does not say
//! for the limits, so the call is made once more and watched.

use std::cell::Cell;

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::{AST, CallFnOptions, Dynamic, Engine, Position, Scope};

use super::call::Call;
use super::limits::Limits;

thread_local! {
    static REACHED: Cell<Position> = const { Cell::new(Position::NONE) };
}

/// Makes an engine note where it is.
#[expect(deprecated, reason = "the interface is marked as one that may change; the version is pinned")]
pub(super) fn follow(engine: &mut Engine) {
    engine.register_debugger(
        |_, debugger| debugger,
        |_, event, _, _, at| {
            // The way out of a function that failed is no place it reached.
            let entered = matches!(event, DebuggerEvent::Start | DebuggerEvent::Step);
            if entered && !at.is_none() {
                REACHED.set(at);
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}

/// The last place a call reaches before it ends. A script does the same again
/// when it is called again, so this is where it ended the first time.
pub(super) fn last_reached(engine: &Engine, ast: &AST, function: &str, arguments: Vec<Dynamic>) -> Position {
    REACHED.set(Position::NONE);
    let call = Call::begin(&Limits::STANDARD);
    let options = CallFnOptions::new().eval_ast(false);
    // How it ends is known already.
    let _ = engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, function, arguments);
    drop(call);
    REACHED.get()
}
