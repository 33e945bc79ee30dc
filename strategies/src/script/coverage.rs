//! Which lines of a script its tests reach. Observed in an engine of tests,
//! never in one that decides.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::{ASTNode, Engine, Position, Stmt};

use super::checks::TEST_PREFIX;
use super::compiled::Script;
use super::failure::location;
use super::source;
use reconciler_core::model::visible;

thread_local! {
    static REACHED: RefCell<BTreeSet<usize>> = const { RefCell::new(BTreeSet::new()) };
}

/// Which lines of a script its tests reach.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Coverage {
    /// The script's id.
    pub script: String,
    /// Its file.
    pub file: String,
    /// How many lines can be reached: those on which a statement begins, outside
    /// of tests and the header.
    pub lines: usize,
    /// Those that no test reaches, with their text.
    pub missed: Vec<(usize, String)>,
}

impl Coverage {
    /// How much is reached, in per cent, rounded down: 100 means all.
    #[must_use]
    pub fn percent(&self) -> usize {
        let reached = (self.lines - self.missed.len()) * 100;
        reached.checked_div(self.lines).unwrap_or(100)
    }
}

/// Makes an engine note which lines it reaches.
#[expect(deprecated, reason = "the interface is marked as one that may change; the version is pinned")]
pub(super) fn observe(engine: &mut Engine) {
    REACHED.with_borrow_mut(BTreeSet::clear);
    engine.register_debugger(
        |_, debugger| debugger,
        |_, event, _, _, at| {
            let entered = matches!(event, DebuggerEvent::Start | DebuggerEvent::Step);
            if let Some(line) = at.line().filter(|_| entered) {
                REACHED.with_borrow_mut(|reached| reached.insert(line));
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}

/// What was reached of a script since the last time.
pub(super) fn take(script: &Script) -> Coverage {
    let reached = REACHED.take();
    let text = &script.source.text;
    let functions = source::functions(text);
    // The header is read whenever a script is loaded.
    let in_test = |at: Position| {
        let function = location(at).and_then(|at| source::enclosing(&functions, at));
        function.is_some_and(|name| name == "strategy" || name.starts_with(TEST_PREFIX))
    };
    let mut lines = BTreeSet::new();
    script.loaded.ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(statement)) = path.last() {
            // A block begins with its brace; what is in it counts.
            let place = match statement {
                Stmt::Noop(_) | Stmt::Block(_) => None,
                other => Some(other.position()),
            };
            lines.extend(place.filter(|at| !in_test(*at)).and_then(Position::line));
        }
        true
    });
    let shown = |line: &usize| (*line, visible(text.lines().nth(line - 1).unwrap_or_default()).into_owned());
    Coverage {
        script: script.header().id.clone(),
        file: script.file().to_owned(),
        lines: lines.len(),
        missed: lines.difference(&reached).map(shown).collect(),
    }
}
