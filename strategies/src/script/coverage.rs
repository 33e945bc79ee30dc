//! Which lines of a script its tests reach. Observed in an engine of tests,
//! never in one that decides.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::{ASTNode, Engine, Stmt};

use super::checks::TEST_PREFIX;
use super::compiled::Script;
use super::source;

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
    let in_test = |line: usize| {
        let begun = functions.iter().rev().find(|(_, at)| at.line as usize <= line);
        begun.is_some_and(|(name, _)| name == "strategy" || name.starts_with(TEST_PREFIX))
    };
    let mut lines = BTreeSet::new();
    script.ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(statement)) = path.last() {
            // A block begins with its brace; what is in it counts.
            let place = match statement {
                Stmt::Noop(_) | Stmt::Block(_) => None,
                other => other.position().line(),
            };
            lines.extend(place.filter(|line| !in_test(*line)));
        }
        true
    });
    let shown = |line: &usize| (*line, text.lines().nth(line - 1).unwrap_or_default().to_owned());
    Coverage {
        script: script.header().id.clone(),
        file: script.file().to_owned(),
        lines: lines.len(),
        missed: lines.difference(&reached).map(shown).collect(),
    }
}
