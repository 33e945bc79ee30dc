//! A set of scripts: read, compiled and checked together, then immutable.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use reconciler_core::manifest::Deployment;
use reconciler_core::matching::{ChainEntry, Confidence, Facts};

use super::compiled::{Script, Shared};
use super::problem::{ScriptProblem, ScriptProblems, Severity};
use super::sandbox::{self, Purpose};
use super::source::{self, Source};
use super::stack::on_deep_stack;
use super::strategy::{self, Examination, ScriptStrategy};
use super::vocabulary::Vocabulary;

/// A function that the program adds to those of the sandbox: from text to text.
///
/// It has to return soon, since no limit ends it, and must not reach for
/// anything a script may not see.
#[derive(Debug, Clone, Copy)]
pub struct HostFunction {
    /// What scripts call it.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What it does.
    pub function: fn(&str) -> String,
}

/// What an operator allows scripts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScriptOptions {
    /// The highest priority a script may have.
    pub max_priority: u16,
    /// The most a script may be sure; what it says beyond that is cut.
    pub max_confidence: Confidence,
    /// Whether a script's failure leaves the decision as good as it is.
    pub tolerate_errors: bool,
    /// Functions that the program adds.
    pub functions: Vec<HostFunction>,
}

impl Default for ScriptOptions {
    fn default() -> Self {
        Self {
            max_priority: 499,
            max_confidence: Confidence::per_mille(900),
            tolerate_errors: false,
            functions: Vec::new(),
        }
    }
}

/// Scripts that can be used together.
pub struct ScriptSet {
    shared: Arc<Shared>,
    scripts: Vec<Arc<Script>>,
    entries: Vec<ChainEntry>,
    warnings: Vec<ScriptProblem>,
    options: ScriptOptions,
}

impl ScriptSet {
    /// Reads the scripts of folders, or single files; all of them, or none.
    ///
    /// # Errors
    /// Everything that is wrong with any of them.
    pub fn load(paths: &[PathBuf], options: &ScriptOptions) -> Result<Self, ScriptProblems> {
        let (set, problems) = Self::examine_all(paths, options);
        match set {
            Some(set) => Ok(set),
            None => Err(ScriptProblems(problems)),
        }
    }

    /// Like [`load`](Self::load), with everything that is wrong or odd.
    pub fn examine_all(paths: &[PathBuf], options: &ScriptOptions) -> (Option<Self>, Vec<ScriptProblem>) {
        let built = on_deep_stack(|| Self::build(paths, options));
        built.unwrap_or_else(|error| {
            let file: Arc<str> = "scripts".into();
            let message = format!("cannot be compiled: no thread could be started: {error}");
            (None, vec![ScriptProblem::new("script.host", &file, message)])
        })
    }

    fn build(paths: &[PathBuf], options: &ScriptOptions) -> (Option<Self>, Vec<ScriptProblem>) {
        let engine = |purpose| sandbox::engine(purpose, &options.functions);
        // Tests stand in the same file: what they call exists too.
        let vocabulary = Vocabulary::of_both(&engine(Purpose::Matching), &engine(Purpose::Testing));
        let shared = Arc::new(Shared::matching(vocabulary, &options.functions));
        let mut problems = Vec::new();
        let mut scripts: Vec<Arc<Script>> = Vec::new();
        let mut files: Vec<PathBuf> = Vec::new();
        for path in paths {
            match source::files(path) {
                Ok(found) => {
                    problems.extend(source::stray_cases(path, &found));
                    files.extend(found);
                }
                Err(problem) => problems.push(problem),
            }
        }
        for path in files {
            let source = match Source::read(&path) {
                Ok(source) => source,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let (script, found) = Script::compile(source, &shared, options.max_priority);
            problems.extend(found);
            let Some(script) = script else { continue };
            if let Some(first) = scripts.iter().find(|first| first.id == script.id) {
                let message = format!("the id `{}` is that of {} too", script.id, first.source.file);
                let file = &script.source.file;
                problems.push(
                    ScriptProblem::new("script.header", file, message).help("give one of them another"),
                );
                continue;
            }
            scripts.push(Arc::new(script));
        }
        let mut entries = Vec::with_capacity(scripts.len());
        for script in &scripts {
            match strategy::entry(&shared, script, options) {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    let problem = ScriptProblem::new("script.header", &script.source.file, error.to_string());
                    problems.push(problem);
                }
            }
        }
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return (None, problems);
        }
        let set = Self { shared, scripts, entries, warnings: problems.clone(), options: options.clone() };
        (Some(set), problems)
    }

    /// The scripts, in the order of folders and names.
    #[must_use]
    pub fn scripts(&self) -> &[Arc<Script>] {
        &self.scripts
    }

    /// The script of that id, with or without `script:` before it.
    #[must_use]
    pub fn script(&self, id: &str) -> Option<&Arc<Script>> {
        let bare = id.strip_prefix("script:").unwrap_or(id);
        self.scripts.iter().find(|script| script.header().id == bare)
    }

    /// The scripts as strategies, for an engine.
    #[must_use]
    pub fn entries(&self) -> Vec<ChainEntry> {
        self.entries.clone()
    }

    /// What is odd, though nothing is wrong.
    #[must_use]
    pub fn warnings(&self) -> &[ScriptProblem] {
        &self.warnings
    }

    /// What the operator allows.
    #[must_use]
    pub fn options(&self) -> &ScriptOptions {
        &self.options
    }

    /// The script as a strategy on an engine of tests.
    pub(super) fn on_bench(&self, script: &Arc<Script>, shared: &Arc<Shared>) -> ScriptStrategy {
        ScriptStrategy::new(Arc::clone(shared), Arc::clone(script), self.options.max_confidence)
    }

    /// Calls a script once, and says everything about it.
    ///
    /// # Errors
    /// If no thread can be started for it.
    pub fn examine(
        &self,
        script: &Arc<Script>,
        deployment: &Deployment,
        facts: &Facts,
    ) -> std::io::Result<Examination> {
        let (shared, script) = (Arc::clone(&self.shared), Arc::clone(script));
        let strategy = ScriptStrategy::new(shared, script, self.options.max_confidence);
        on_deep_stack(|| strategy::examine(&strategy, deployment, facts))
    }
}

impl fmt::Debug for ScriptSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptSet").field("scripts", &self.scripts).finish_non_exhaustive()
    }
}
