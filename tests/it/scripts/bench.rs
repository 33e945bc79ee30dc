//! Scripts in a folder of their own, and engines that decide with them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{Decision, MatchEngine, StepResult, StrategyError};
use reconciler_strategies::script::{HostFunction, ScriptOptions, ScriptProblem, ScriptSet};
use reconciler_tests::scene::{A, B, C, Scene};
use tempfile::TempDir;

/// A folder of scripts.
pub(super) struct Bench {
    folder: TempDir,
}

/// A script of that id whose `assess` has this body.
pub(super) fn script(id: &str, body: &str) -> String {
    format!(
        "fn strategy() {{ #{{ id: \"{id}\", version: 1, summary: \"a test\" }} }}\n\
         fn assess(deployment, catalog) {{\n{body}\n}}\n"
    )
}

/// What panics when a script calls it.
fn panics(text: &str) -> String {
    panic!("host function panicked on {text}")
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Writes a file of the folder.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Writes a script whose `assess` has this body.
    pub(super) fn assess(self, id: &str, body: &str) -> Self {
        self.write(&format!("{id}.rhai"), &script(id, body));
        self
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        vec![self.folder.path().to_owned()]
    }

    /// The scripts, with a host function that panics.
    pub(super) fn load(&self) -> Result<ScriptSet, Vec<ScriptProblem>> {
        self.load_with(options())
    }

    pub(super) fn load_with(&self, options: ScriptOptions) -> Result<ScriptSet, Vec<ScriptProblem>> {
        ScriptSet::load(&self.paths(), &options).map_err(|problems| problems.problems().to_vec())
    }

    /// What is wrong with the scripts.
    #[track_caller]
    pub(super) fn refused(&self) -> Vec<ScriptProblem> {
        self.load().expect_err("the scripts are refused")
    }

    /// An engine of the compiled strategies and these scripts.
    pub(super) fn engine(&self) -> MatchEngine {
        engine(&self.load().unwrap(), 2)
    }
}

/// The usual options, with a host function that panics.
pub(super) fn options() -> ScriptOptions {
    let mut options = ScriptOptions::default();
    let function = HostFunction { name: "panics", doc: "Panics.", function: panics };
    options.functions.push(function);
    options
}

/// An engine of the compiled strategies and a set of scripts.
pub(super) fn engine(set: &ScriptSet, workers: usize) -> MatchEngine {
    let builder = MatchEngine::builder().with_registered().unwrap().with_entries(set.entries());
    builder.workers(NonZeroUsize::new(workers).unwrap()).build().unwrap()
}

/// Three deployments with the names the broker would give them.
pub(super) fn scene() -> Scene {
    let scene = Scene::of("redis: small large");
    let names = [A, B, C].map(|instance| format!("redis-small-{instance}"));
    names.iter().fold(scene, |scene, name| scene.deployment(name, Manifest::absent()))
}

/// The failure of a script's step in a decision.
pub(super) fn failure<'a>(decision: &'a Decision, id: &str) -> Option<&'a StrategyError> {
    let step = decision.trace.iter().find(|step| step.strategy.as_str() == format!("script:{id}"))?;
    match &step.result {
        StepResult::Failed(error) => Some(error),
        _ => None,
    }
}
