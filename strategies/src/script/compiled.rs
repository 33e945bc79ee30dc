//! A script, read, compiled and checked.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reconciler_core::model::StrategyId;
use rhai::{AST, CallFnOptions, Dynamic, Engine, Position, Scope};
use sha2::{Digest, Sha256};

use super::call::{Account, Call, last_entered};
use super::checks;
use super::failure;
use super::header::Header;
use super::lanes::Lanes;
use super::limits::Limits;
use super::place;
use super::problem::{ScriptProblem, Severity};
use super::sandbox::{self, Purpose};
use super::set::HostFunction;
use super::source::{self, Source};
use super::stack::on_deep_stack;
use super::vocabulary::Vocabulary;
use reconciler_core::model::visible;

/// What a call of a script counts references to, and so each thread has for itself.
pub(super) struct Loaded {
    pub(super) ast: AST,
    /// The name of the file, for what is read.
    pub(super) file: Arc<str>,
}

/// A script that can be called.
pub struct Script {
    pub(super) source: Source,
    pub(super) loaded: Loaded,
    copies: Lanes<Loaded>,
    pub(super) id: StrategyId,
    header: Header,
    hash: String,
}

impl Script {
    /// Compiles and checks a script. What comes back beside it are warnings.
    pub(super) fn compile(
        source: Source,
        shared: &Shared,
        max_priority: u16,
    ) -> (Option<Self>, Vec<ScriptProblem>) {
        let (file, text) = (&source.file, &source.text);
        let compiled = catch_unwind(AssertUnwindSafe(|| shared.engine.compile(text.as_ref())));
        let mut ast = match compiled {
            Ok(Ok(ast)) => ast,
            Ok(Err(error)) => return (None, vec![failure::unparsed(file, text, &error)]),
            Err(panic) => {
                return (None, vec![failure::panicked(file, text, Position::NONE, panic.as_ref())]);
            }
        };
        ast.set_source(file.as_ref());
        let mut problems = checks::check(&ast, file, text, &shared.vocabulary);
        // A script that is not functions only, or has no header, is not called.
        if problems.iter().any(|p| matches!(p.code, "script.forbidden" | "script.incomplete")) {
            return (None, problems);
        }
        let at = source::function(text, "strategy");
        let (said, _) = invoke(shared, &shared.engine, &source, &ast, "strategy", Vec::new());
        let header = said.map_err(|problem| vec![problem]).and_then(|map| {
            Header::read(map, file, at, &source.stem(), max_priority)
                .map_err(|found| found.into_iter().map(|problem| problem.shown_in(text)).collect())
        });
        match header {
            Ok(header) if problems.iter().all(|problem| problem.severity == Severity::Warning) => {
                let Ok(id) = StrategyId::new(format!("script:{}", header.id)) else {
                    return (None, problems);
                };
                let hash = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
                let loaded = Loaded { ast, file: Arc::clone(&source.file) };
                (Some(Self { source, loaded, copies: Lanes::new(), id, header, hash }), problems)
            }
            Ok(_) => (None, problems),
            Err(found) => {
                problems.extend(found);
                (None, problems)
            }
        }
    }

    /// Calls a function of the script with what this thread has for it.
    pub(super) fn call(
        &self,
        shared: &Shared,
        function: &str,
        arguments: Vec<Dynamic>,
    ) -> (Result<Dynamic, ScriptProblem>, Account) {
        let loaded = self.of_this_thread(shared);
        invoke(shared, shared.engine(), &self.source, &loaded.ast, function, arguments)
    }

    /// What this thread has of it.
    pub(super) fn of_this_thread(&self, shared: &Shared) -> &Loaded {
        self.copies.of_this_thread(&self.loaded, || {
            let engine = shared.engine();
            let mut ast = on_deep_stack(|| engine.compile(self.source.text.as_ref())).ok()?.ok()?;
            ast.set_source(self.source.file.as_ref());
            Some(Loaded { ast, file: self.source.file.as_ref().into() })
        })
    }

    /// Its id in the chain, `script:<id>`.
    #[must_use]
    pub fn id(&self) -> &StrategyId {
        &self.id
    }

    /// What it says about itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its file, as it is shown.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.source.file
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The SHA-256 of its text, in hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The comment at its top, without the slashes.
    #[must_use]
    pub fn doc(&self) -> String {
        let lines = self.loaded.ast.doc().lines();
        let lines: Vec<_> = lines.map(|line| visible(line.trim_start_matches("//!").trim())).collect();
        lines.join("\n").trim().to_owned()
    }

    /// The names of its tests, in the order of the text.
    #[must_use]
    pub fn tests(&self) -> Vec<String> {
        let functions = source::functions(&self.source.text);
        let is_test = |name: &String| {
            let known = |f: rhai::ScriptFnMetadata<'_>| f.name == name.as_str() && f.params.is_empty();
            name.starts_with(checks::TEST_PREFIX) && self.loaded.ast.iter_functions().any(known)
        };
        functions.into_iter().map(|(name, _)| name).filter(is_test).collect()
    }

    /// The folder of its cases: `cases/<id>` beside it.
    #[must_use]
    pub fn cases(&self) -> PathBuf {
        self.source.path.parent().unwrap_or(Path::new("")).join("cases").join(&self.header.id)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("file", &self.source.file)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// What the scripts of a set share.
pub(super) struct Shared {
    engine: Engine,
    copies: Lanes<Engine>,
    functions: Vec<HostFunction>,
    /// The same, but it notes where it is. Asked only after a failure.
    follower: Engine,
    pub(super) vocabulary: Vocabulary,
}

impl Shared {
    /// For deciding, on any number of threads.
    pub(super) fn matching(vocabulary: Vocabulary, functions: &[HostFunction]) -> Self {
        let engine = || sandbox::engine(Purpose::Matching, functions);
        Self {
            copies: Lanes::new(),
            functions: functions.to_vec(),
            ..Self::testing(engine(), engine(), vocabulary)
        }
    }

    /// For tests: one engine, in which what is observed comes together.
    pub(super) fn testing(engine: Engine, mut follower: Engine, vocabulary: Vocabulary) -> Self {
        place::follow(&mut follower);
        Self { engine, copies: Lanes::none(), functions: Vec::new(), follower, vocabulary }
    }

    /// This thread's engine.
    fn engine(&self) -> &Engine {
        self.copies.of_this_thread(&self.engine, || Some(sandbox::separate_engine(&self.functions)))
    }
}

/// Calls a function of a script, within all limits. The one place that does.
fn invoke(
    shared: &Shared,
    engine: &Engine,
    source: &Source,
    ast: &AST,
    function: &str,
    arguments: Vec<Dynamic>,
) -> (Result<Dynamic, ScriptProblem>, Account) {
    let Shared { follower, vocabulary, .. } = shared;
    let again = arguments.clone();
    let call = Call::begin(&Limits::STANDARD);
    // A script has no code outside of functions, so there is none to run first.
    let options = CallFnOptions::new().eval_ast(false);
    let returned = catch_unwind(AssertUnwindSafe(|| {
        engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, function, arguments)
    }));
    let entered = last_entered();
    let account = call.finish();
    let said = match returned {
        Ok(Ok(value)) => match account.stopped {
            None => Ok(value),
            Some(why) => Err(failure::ended(&source.file, &source.text, function, why)),
        },
        Ok(Err(error)) => {
            let problem = failure::failed(&source.file, &source.text, function, *error, vocabulary);
            Err(match problem.code {
                _ if problem.at.is_some() => problem,
                // The host knows where its function was called.
                "script.limit.work" => failure::placed(problem, entered, function, &source.text),
                // Nobody knows, and once was long enough.
                "script.limit.wall-clock" => failure::placed(problem, Position::NONE, function, &source.text),
                _ => {
                    let at = place::last_reached(follower, ast, function, again);
                    failure::placed(problem, at, function, &source.text)
                }
            })
        }
        Err(panic) => Err(failure::panicked(&source.file, &source.text, entered, panic.as_ref())),
    };
    (said, account)
}
