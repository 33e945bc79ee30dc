//! What can be said of a script without running it: functions and properties
//! that do not exist, code outside functions, functions that nobody calls.

mod growth;

use std::collections::BTreeSet;
use std::sync::Arc;

use reconciler_core::manifest::Location;
use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::failure::{location, near};
use super::problem::ScriptProblem;
use super::source;
use super::vocabulary::Vocabulary;

/// Where functions that test begin.
pub(super) const TEST_PREFIX: &str = "test_";

/// Everything that is wrong or odd, in the order of the text.
pub(super) fn check(ast: &AST, file: &Arc<str>, text: &str, vocabulary: &Vocabulary) -> Vec<ScriptProblem> {
    let mut walk = Walk {
        places: source::functions(text),
        own: ast.iter_functions().map(|function| (function.name.to_owned(), function.params.len())).collect(),
        vocabulary,
        file,
        calls: Vec::new(),
        keys: BTreeSet::new(),
        properties: Vec::new(),
        problems: Vec::new(),
    };
    walk.top_level(ast);
    ast.walk(&mut |path| {
        if let Some(node) = path.last() {
            walk.node(node);
        }
        true
    });
    walk.properties();
    walk.required(text);
    walk.reachable();
    let mut problems: Vec<ScriptProblem> =
        walk.problems.into_iter().map(|problem| problem.shown_in(text)).collect();
    problems.sort_by_key(|problem| problem.at);
    problems.dedup();
    problems
}

struct Walk<'a> {
    /// The script's functions with the number of their arguments.
    own: Vec<(String, usize)>,
    vocabulary: &'a Vocabulary,
    file: &'a Arc<str>,
    /// Where its functions begin.
    places: Vec<(String, Location)>,
    /// Who calls or points at whom, and where.
    calls: Vec<(String, String, Position)>,
    /// Keys of maps the script makes: properties of its own.
    keys: BTreeSet<String>,
    properties: Vec<(String, Position)>,
    problems: Vec<ScriptProblem>,
}

impl Walk<'_> {
    fn problem(&mut self, code: &'static str, at: Position, message: String, help: Option<String>) {
        let problem = ScriptProblem::new(code, self.file, message).at(location(at));
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// A script is functions only: anything else would run at another time than
    /// its author thinks.
    fn top_level(&mut self, ast: &AST) {
        for statement in ast.statements() {
            let help =
                "put it into `assess` or a function of its own; a constant is a function that returns it";
            self.problem(
                "script.forbidden",
                statement.position(),
                "code outside of functions".to_owned(),
                Some(help.to_owned()),
            );
        }
    }

    fn node(&mut self, node: &ASTNode<'_>) {
        for (name, at) in growth::unseen(node) {
            let help = "take it into a variable, change that, and put it back with x.set(key, value)";
            let message = format!("`{name}` is called on variables only, not on what is in them");
            self.problem("script.forbidden", at, message, Some(help.to_owned()));
        }
        match node {
            ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) => {
                self.call(call, *at, call.args.len());
            }
            // The value before the dot is an argument too.
            ASTNode::Expr(Expr::MethodCall(call, at)) => self.call(call, *at, call.args.len() + 1),
            ASTNode::Expr(Expr::Property(property, at)) => {
                self.properties.push((property.2.to_string(), *at));
            }
            ASTNode::Expr(Expr::Map(entries, _)) => {
                self.keys.extend(entries.0.iter().map(|(key, _)| key.name.to_string()));
            }
            ASTNode::Expr(Expr::DynamicConstant(value, _)) => {
                if let Ok(map) = value.as_map_ref() {
                    self.keys.extend(map.keys().map(ToString::to_string));
                }
            }
            // `Fn("name")` points at a function.
            ASTNode::Expr(Expr::StringConstant(text, at))
                if self.own.iter().any(|(name, _)| name == text.as_str()) =>
            {
                self.note_call(text, *at);
            }
            // Rhai does not hold what grows this way to the limits on sizes.
            ASTNode::Stmt(Stmt::Assignment(assignment))
                if !matches!(assignment.1.lhs, Expr::Variable(..)) =>
            {
                let help = "handles can only be read; of a list or map, write x.set(key, value)";
                self.problem(
                    "script.forbidden",
                    assignment.0.position(),
                    "only variables are assigned to, not what is in them".to_owned(),
                    Some(help.to_owned()),
                );
            }
            ASTNode::Stmt(Stmt::Import(_, at) | Stmt::Export(_, at)) => {
                self.problem(
                    "script.forbidden",
                    *at,
                    "modules are not part of the language here".to_owned(),
                    None,
                );
            }
            _ => {}
        }
    }

    fn call(&mut self, call: &FnCallExpr, at: Position, arguments: usize) {
        let name = call.name.as_str();
        if call.op_token.is_some() || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return;
        }
        self.note_call(name, at);
        let own: Vec<usize> =
            self.own.iter().filter(|(own, _)| own == name).map(|(_, arguments)| *arguments).collect();
        // As a method, the value before the dot is `this` of a script's own function.
        if own.contains(&arguments) || own.iter().any(|takes| takes + 1 == arguments) {
            return;
        }
        match self.vocabulary.arguments(name) {
            _ if !own.is_empty() => {
                let message =
                    format!("`{name}` is called with {arguments} arguments, but takes {}", list(&own));
                self.problem("script.unknown-function", at, message, None);
            }
            Some(known) if !known.contains(&arguments) => {
                let known: Vec<usize> = known.iter().copied().collect();
                let message = format!(
                    "`{name}` is called with {arguments} arguments (the value before the dot is one), but takes {}",
                    list(&known)
                );
                self.problem("script.unknown-function", at, message, None);
            }
            None if !self.vocabulary.has_function(name) => {
                let names: Vec<String> = self.own.iter().map(|(name, _)| name.clone()).collect();
                let nearest = near(name, &names).or_else(|| self.vocabulary.nearest_function(name));
                let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
                self.problem("script.unknown-function", at, format!("there is no function `{name}`"), help);
            }
            _ => {}
        }
    }

    /// Once all keys of maps are known.
    fn properties(&mut self) {
        for (name, at) in std::mem::take(&mut self.properties) {
            if !self.vocabulary.has_property(&name) && !self.keys.contains(&name) {
                let help =
                    self.vocabulary.nearest_property(&name).map(|near| format!("did you mean `{near}`?"));
                self.problem("script.unknown-property", at, format!("nothing has a property `{name}`"), help);
            }
        }
    }

    fn required(&mut self, text: &str) {
        for (name, arguments, signature) in
            [("strategy", 0, "strategy()"), ("assess", 2, "assess(deployment, catalog)")]
        {
            if self.own.iter().any(|own| own.0 == name && own.1 == arguments) {
                continue;
            }
            let problem = ScriptProblem::new(
                "script.incomplete",
                self.file,
                format!("there is no function `{signature}`"),
            )
            .at(source::function(text, name))
            .help(format!("add it: fn {signature} {{ … }}"));
            self.problems.push(problem);
        }
    }

    fn note_call(&mut self, name: &str, at: Position) {
        let line = location(at).map_or(0, |at| at.line);
        let caller = self.places.iter().rev().find(|(_, begins)| begins.line <= line);
        let caller = caller.map(|(name, _)| name.clone()).unwrap_or_default();
        self.calls.push((caller, name.to_owned(), at));
    }

    /// All functions that these call, directly or through others, themselves
    /// included.
    fn called_from(&self, roots: impl Iterator<Item = String>) -> BTreeSet<String> {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut next: Vec<String> = roots.collect();
        while let Some(name) = next.pop() {
            if reached.insert(name.clone()) {
                next.extend(
                    self.calls.iter().filter(|(caller, ..)| *caller == name).map(|call| call.1.clone()),
                );
            }
        }
        reached
    }

    /// What nobody calls, and what `assess` calls though only tests may.
    fn reachable(&mut self) {
        let entered = ["strategy", "assess"].map(str::to_owned);
        let tests =
            self.places.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with(TEST_PREFIX));
        let used = self.called_from(entered.iter().cloned().chain(tests));
        for (name, at) in self.places.clone() {
            if !used.contains(&name) && self.own.iter().any(|own| own.0 == name) {
                let problem =
                    ScriptProblem::new("script.unused", self.file, format!("nobody calls `{name}`"));
                self.problems.push(problem.at(Some(at)).warning().help("remove it, or call it"));
            }
        }
        let deciding = self.called_from(entered.into_iter());
        let of_tests = |(caller, called, at): &(String, String, Position)| {
            let own = self.own.iter().any(|own| own.0 == *called);
            (deciding.contains(caller) && !own && self.vocabulary.is_for_tests(called))
                .then(|| (called.clone(), *at))
        };
        let misplaced: Vec<(String, Position)> = self.calls.iter().filter_map(of_tests).collect();
        for (name, at) in misplaced {
            let help = "call it in functions whose name begins with `test_`";
            let message = format!("`{name}` exists in tests only");
            self.problem("script.unknown-function", at, message, Some(help.to_owned()));
        }
    }
}

fn list(numbers: &[usize]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(" or ")
}
