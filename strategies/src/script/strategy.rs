//! A script as a strategy of the chain.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reconciler_core::manifest::{Deployment, Location};
use reconciler_core::matching::{
    ChainEntry, ChainError, Confidence, Facts, MatchContext, MatchStrategy, Opinion, Read, StrategyError,
    StrategyMeta,
};
use rhai::Dynamic;

use super::call::Account;
use super::compiled::{Script, Shared};
use super::failure::location;
use super::host::{CatalogHandle, DeploymentHandle};
use super::output::Reader;
use super::problem::ScriptProblem;
use super::set::ScriptOptions;
use super::source;

/// A script in the chain.
pub(super) struct ScriptStrategy {
    shared: Arc<Shared>,
    script: Arc<Script>,
    max_confidence: Confidence,
    /// Where `assess` begins.
    assess_at: Option<Location>,
}

impl ScriptStrategy {
    pub(super) fn new(shared: Arc<Shared>, script: Arc<Script>, max_confidence: Confidence) -> Self {
        let assess_at = source::function(&script.source.text, "assess");
        Self { shared, script, max_confidence, assess_at }
    }

    /// Calls `assess`, and says what it took.
    pub(super) fn call(
        &self,
        deployment: DeploymentHandle,
        catalog: CatalogHandle,
    ) -> (Result<Opinion, ScriptProblem>, Account) {
        let source = &self.script.source;
        let arguments = vec![Dynamic::from(deployment), Dynamic::from(catalog)];
        let (said, account) = self.script.call(&self.shared, "assess", arguments);
        let reader = Reader { file: &source.file, at: self.assess_at, max_confidence: self.max_confidence };
        let opinion = said.and_then(|value| reader.opinion(value).map_err(|p| p.shown_in(&source.text)));
        (opinion, account)
    }

    fn reads(&self, account: &mut Account) -> Vec<Read> {
        let file = &self.script.of_this_thread(&self.shared).file;
        let reads = std::mem::take(&mut account.reads).into_iter();
        reads
            .map(|(what, at)| {
                let at = location(at).unwrap_or(Location { line: 1, column: 1 });
                Read::new(what, Arc::clone(file), at)
            })
            .collect()
    }
}

impl MatchStrategy for ScriptStrategy {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let deployment = DeploymentHandle::new(context.deployment(), context.facts());
        let catalog = CatalogHandle::new(context.facts());
        let (opinion, mut account) = self.call(deployment, catalog);
        if account.consulted {
            // So that a manifest with a fault degrades the decision.
            let _ = context.document();
        }
        context.note_reads(self.reads(&mut account));
        opinion.map_err(ScriptProblem::into_error)
    }

    /// Every word of its text and what its literals name: what it asks for is among
    /// them, or comes from what may be shown.
    fn manifest_keys(&self) -> BTreeSet<String> {
        source::keys(&self.script.source.text)
    }
}

impl fmt::Debug for ScriptStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScriptStrategy").field(&self.script).finish()
    }
}

/// What a script does with one deployment.
#[derive(Debug)]
#[non_exhaustive]
pub struct Examination {
    /// What it said, or what went wrong.
    pub opinion: Result<Opinion, ScriptProblem>,
    /// What it looked at.
    pub reads: Vec<Read>,
    /// What it printed.
    pub lines: Vec<String>,
    /// How many operations it took.
    pub operations: u64,
    /// How long it took.
    pub time: Duration,
}

/// Calls a script once, and says everything about it.
pub(super) fn examine(strategy: &ScriptStrategy, deployment: &Deployment, facts: &Facts) -> Examination {
    // Parsing is not the script's doing.
    let _ = deployment.manifest.document();
    let facts = Arc::new(facts.clone());
    let begun = Instant::now();
    let (opinion, mut account) =
        strategy.call(DeploymentHandle::new(deployment, &facts), CatalogHandle::new(&facts));
    let time = begun.elapsed();
    let reads = strategy.reads(&mut account);
    Examination { opinion, reads, lines: account.lines, operations: account.operations, time }
}

/// The script's place in the chain.
pub(super) fn entry(
    shared: &Arc<Shared>,
    script: &Arc<Script>,
    options: &ScriptOptions,
) -> Result<ChainEntry, ChainError> {
    let header = script.header();
    let meta = StrategyMeta::owned(
        script.id().to_string(),
        header.version,
        header.priority,
        header.family,
        header.summary.clone(),
        script.doc(),
    );
    let strategy = ScriptStrategy::new(Arc::clone(shared), Arc::clone(script), options.max_confidence);
    // The cap changes what is decided, so it belongs to what identifies the rules.
    let revision = format!("{}:{}", script.hash(), options.max_confidence.as_per_mille());
    let entry = ChainEntry::new(meta, script.file().to_owned(), Arc::new(strategy))?;
    Ok(entry.with_revision(revision).tolerated(options.tolerate_errors))
}
