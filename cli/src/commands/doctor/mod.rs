//! `doctor`: looks at everything a run needs, one section a part, and says what
//! to do about what is wrong. Changes nothing.

mod catalog;
mod director;
mod store;
mod vault;

use std::io::{self, Write};

use serde::Serialize;

use super::block_on;
use crate::args::{DoctorArgs, GlobalArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, outcome_style};
use crate::wiring;

/// How one thing looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// A run works, but somebody should look at it.
    Warn,
    /// A run would not work.
    Fail,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// What was looked at: `version`, `certificate`.
    pub(crate) subject: &'static str,
    /// How it looks.
    pub(crate) result: Verdict,
    /// What was found.
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
    /// How the program ends if this is the first thing that fails.
    #[serde(skip)]
    exit: Exit,
}

impl Check {
    /// As it should be.
    pub(crate) fn ok(subject: &'static str, message: impl Into<String>) -> Self {
        Self { subject, result: Verdict::Ok, message: message.into(), advice: None, exit: Exit::Success }
    }

    /// A run works, but this is worth a look.
    pub(crate) fn warn(subject: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { result: Verdict::Warn, advice: Some(advice.into()), ..Self::ok(subject, message) }
    }

    /// The other side lets us do too little for a run.
    pub(crate) fn refused(
        subject: &'static str,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { result: Verdict::Fail, exit: Exit::Remote, ..Self::warn(subject, message, advice) }
    }

    pub(crate) fn is_failure(&self) -> bool {
        self.result == Verdict::Fail
    }

    /// A run would not work, for this reason.
    pub(crate) fn fail(subject: &'static str, failure: &Failure) -> Self {
        let message: Vec<String> = failure.chain().map(ToString::to_string).collect();
        let advice = failure.advice().map(str::to_owned);
        Self { result: Verdict::Fail, advice, exit: failure.exit(), ..Self::ok(subject, message.join(": ")) }
    }
}

/// The checks of one part.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// The part: `Director`, `Vault`.
    pub(crate) name: &'static str,
    /// What was looked at, in order.
    pub(crate) checks: Vec<Check>,
}

#[derive(Serialize)]
struct Findings {
    sections: Vec<Section>,
    /// What the token for Vault needs, in the language of `vault policy write`.
    #[serde(skip_serializing_if = "Option::is_none")]
    smallest_policy: Option<String>,
}

impl Findings {
    fn checks(&self) -> impl Iterator<Item = &Check> {
        self.sections.iter().flat_map(|section| &section.checks)
    }

    /// The first failure decides; a warning ends well.
    fn exit(&self) -> Exit {
        self.checks().find(|check| check.is_failure()).map_or(Exit::Success, |check| check.exit)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.checks().filter(|check| check.result == verdict).count()
    }
}

pub(crate) fn run(global: &GlobalArgs, args: &DoctorArgs, output: &mut Output) -> Result<Exit, Failure> {
    let settings = wiring::settings(global, &[&args.source, &args.store], output)?;
    block_on(async |stop| {
        let director::Examined { section, source, uuid } = director::section(&settings, stop).await;
        let mut sections = vec![section];
        if let Some(source) = source {
            sections.push(catalog::section(&settings, &source, stop).await);
            // Whose files are meant, only the Director can say.
            if let Some(uuid) = uuid {
                sections.extend(store::section(&settings, &source, &uuid).await);
            }
        }
        let mut smallest_policy = None;
        if let Some(vault) = vault::examine(&settings, stop).await {
            sections.push(vault.section);
            smallest_policy = vault.policy.filter(|_| args.policy || vault.lacks_access);
        }
        let findings = Findings { sections, smallest_policy };
        let exit = findings.exit();
        output.answer("Doctor", exit == Exit::Success, &findings, |out| text(out, &findings))?;
        Ok(exit)
    })
}

fn text(out: &mut dyn Write, findings: &Findings) -> io::Result<()> {
    for section in &findings.sections {
        writeln!(out, "{}", section.name)?;
        let width = section.checks.iter().map(|check| check.subject.len()).max().unwrap_or_default();
        for check in &section.checks {
            let style = outcome_style(match check.result {
                Verdict::Ok => "complete",
                Verdict::Warn => "review",
                Verdict::Fail => "failed",
            });
            let result = check.result.name();
            writeln!(out, "  {style}{result:<4}{style:#}  {:<width$}  {}", check.subject, check.message)?;
            if let Some(advice) = &check.advice {
                writeln!(out, "        {:<width$}  {advice}", "")?;
            }
        }
        writeln!(out)?;
    }
    if let Some(policy) = &findings.smallest_policy {
        writeln!(out, "The smallest policy that suffices for Vault, beside `default`:\n\n{policy}")?;
    }
    let (warnings, failures) = (findings.count(Verdict::Warn), findings.count(Verdict::Fail));
    match (warnings, failures) {
        (0, 0) => writeln!(out, "All is well."),
        (_, 0) => writeln!(out, "A run works; {warnings} to look at."),
        _ => writeln!(out, "A run does not work: {failures} failed, {warnings} to look at."),
    }
}
