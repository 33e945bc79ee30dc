//! The tests of scripts: `test_*` functions, and the cases beside them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reconciler_core::matching::{Evidence, Opinion, Proposal};
use reconciler_core::model::Identity;
use rhai::Engine;

use super::case::{self, Case, Expected, Named};
use super::compiled::{Script, Shared};
use super::coverage::{self, Coverage};
use super::host::UNMET;
use super::problem::ScriptProblem;
use super::sandbox::{self, Purpose};
use super::set::ScriptSet;
use super::stack::on_deep_stack;
use super::vocabulary::Vocabulary;

/// One test and what came of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Trial {
    /// The script's id.
    pub script: String,
    /// The test function, or the case's file.
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<ScriptProblem>,
    /// How long it took.
    pub time: Duration,
}

/// All tests of a set.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The tests, by script, functions before cases.
    pub trials: Vec<Trial>,
    /// What they reached, a script each; empty unless asked for.
    pub coverage: Vec<Coverage>,
}

impl Report {
    /// Whether every test passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.trials.iter().all(|trial| trial.failure.is_none())
    }
}

/// Runs all tests of a set, in an engine of their own.
///
/// # Errors
/// If no thread can be started for them.
pub fn run(set: &ScriptSet, with_coverage: bool) -> std::io::Result<Report> {
    on_deep_stack(|| {
        let mut report = Report { trials: Vec::new(), coverage: Vec::new() };
        for script in set.scripts() {
            let engine = || sandbox::engine(Purpose::Testing, &set.options().functions);
            let mut observed = engine();
            if with_coverage {
                coverage::observe(&mut observed);
            }
            let bench = Bench::new(set, script, observed, engine());
            report.trials.extend(bench.functions());
            report.trials.extend(bench.cases());
            if with_coverage {
                report.coverage.push(coverage::take(script));
            }
        }
        report
    })
}

/// The failures of all tests of a set.
pub(super) fn failures(set: &ScriptSet) -> Vec<ScriptProblem> {
    match run(set, false) {
        Ok(report) => report.trials.into_iter().filter_map(|trial| trial.failure).collect(),
        Err(error) => {
            let file: Arc<str> = "scripts".into();
            vec![ScriptProblem::new("script.host", &file, format!("cannot be tested: {error}"))]
        }
    }
}

/// A script on an engine for tests.
struct Bench<'a> {
    set: &'a ScriptSet,
    script: &'a Arc<Script>,
    shared: Arc<Shared>,
}

impl<'a> Bench<'a> {
    fn new(set: &'a ScriptSet, script: &'a Arc<Script>, engine: Engine, follower: Engine) -> Self {
        let vocabulary = Vocabulary::of(&engine);
        Self { set, script, shared: Arc::new(Shared::testing(engine, follower, vocabulary)) }
    }

    fn trial(&self, name: String, run: impl FnOnce() -> Result<(), ScriptProblem>) -> Trial {
        let begun = Instant::now();
        let failure = run().err();
        Trial { script: self.script.header().id.clone(), name, failure, time: begun.elapsed() }
    }

    fn functions(&self) -> Vec<Trial> {
        let tests = self.script.tests().into_iter();
        tests
            .map(|name| {
                self.trial(name.clone(), || self.script.call(&self.shared, &name, Vec::new()).0.map(|_| ()))
            })
            .collect()
    }

    fn cases(&self) -> Vec<Trial> {
        let folder = self.script.cases();
        let files = match case::files(&folder) {
            Ok(files) => files,
            Err(error) => {
                let file: Arc<str> = folder.display().to_string().into();
                let problem = ScriptProblem::new("script.case", &file, format!("cannot be read: {error}"));
                return vec![self.trial("cases".to_owned(), || Err(problem))];
            }
        };
        files
            .into_iter()
            .map(|path| {
                let file: Arc<str> = path.display().to_string().into();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.trial(name, || {
                    let text = std::fs::read_to_string(&path).map_err(|error| {
                        ScriptProblem::new("script.case", &file, format!("cannot be read: {error}"))
                    })?;
                    self.case(&case::read(&file, &text)?, &file, &text)
                })
            })
            .collect()
    }

    fn case(&self, case: &Case, file: &Arc<str>, text: &str) -> Result<(), ScriptProblem> {
        let strategy = self.set.on_bench(self.script, &self.shared);
        let (said, _) = strategy.call(case.deployment.clone(), case.catalog.clone());
        if let (Err(problem), false) = (&said, matches!(case.expected, Expected::Fail(_))) {
            return Err(problem.clone());
        }
        let difference = difference(&case.expected, &said);
        difference.map_or(Ok(()), |message| {
            Err(ScriptProblem::new(UNMET, file, message).at(Some(case.at)).shown_in(text))
        })
    }
}

/// How what was said differs from what is expected.
fn difference(expected: &Expected, said: &Result<Opinion, ScriptProblem>) -> Option<String> {
    let got = match said {
        Ok(opinion) => shown(opinion),
        Err(problem) => format!("a failure, {}", problem.code),
    };
    match (expected, said) {
        (Expected::Fail(code), Err(problem)) if problem.code == code => None,
        (Expected::Fail(code), _) => Some(format!("expected a failure with {code}, got {got}")),
        (Expected::Abstain(words), Ok(Opinion::Abstain { why })) if why.contains(words.as_str()) => None,
        (Expected::Abstain(words), _) => Some(format!("expected no opinion because of `{words}`, got {got}")),
        (Expected::Veto(named), Ok(Opinion::Veto { identity, evidence }))
            if named.fits(identity, None, evidence) =>
        {
            None
        }
        (Expected::Veto(named), _) => Some(format!("expected a veto of {}, got {got}", named.shown())),
        (Expected::Propose(all), Ok(Opinion::Propose(proposals))) if same(all, proposals) => None,
        (Expected::Propose(all), _) => {
            let all: Vec<String> = all.iter().map(Named::shown).collect();
            Some(format!("expected {}, got {got}", all.join(" and ")))
        }
    }
}

fn same(expected: &[Named], proposals: &[Proposal]) -> bool {
    expected.len() == proposals.len()
        && expected
            .iter()
            .all(|named| proposals.iter().any(|one| named.fits(&one.identity, Some(one), &one.evidence)))
}

impl Named {
    fn fits(&self, identity: &Identity, proposal: Option<&Proposal>, evidence: &[Evidence]) -> bool {
        identity.instance.as_str() == self.instance
            && identity.plan.as_str() == self.plan
            && self.confidence.is_none_or(|sure| proposal.is_some_and(|one| one.confidence == sure))
            && self.reason.as_ref().is_none_or(|code| evidence.iter().any(|one| one.code == *code))
    }

    fn shown(&self) -> String {
        let confidence = self.confidence.map(|sure| format!(" at {sure}")).unwrap_or_default();
        let reason = self.reason.as_ref().map(|code| format!(" because of {code}")).unwrap_or_default();
        format!("{} / {}{confidence}{reason}", self.plan, self.instance)
    }
}

/// An opinion in a few words.
#[must_use]
pub fn shown(opinion: &Opinion) -> String {
    let codes = |evidence: &[Evidence]| {
        let codes: Vec<&str> = evidence.iter().map(|one| one.code.as_ref()).collect();
        codes.join(", ")
    };
    match opinion {
        Opinion::Abstain { why } => format!("no opinion: {why}"),
        Opinion::Veto { identity, evidence } => {
            format!("a veto of {} / {} because of {}", identity.plan, identity.instance, codes(evidence))
        }
        Opinion::Propose(proposals) => {
            let proposals = proposals.iter().map(|one| {
                let Identity { instance, plan, .. } = &one.identity;
                format!("{plan} / {instance} at {} because of {}", one.confidence, codes(&one.evidence))
            });
            proposals.collect::<Vec<_>>().join(" and ")
        }
        other => format!("{other:?}"),
    }
}
