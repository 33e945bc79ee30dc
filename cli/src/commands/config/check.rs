//! `config check`: everything that is wrong, at once, without asking anybody.

use std::io::{self, Write};

use reconciler_core::config::Finding;
use serde::Serialize;

use crate::args::GlobalArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::wiring;

#[derive(Debug, Serialize)]
struct Check {
    valid: bool,
    errors: Vec<Problem>,
    notices: Vec<Problem>,
    warnings: Vec<String>,
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Serialize)]
struct Problem {
    /// Where it was found, if a source can be named.
    origin: Option<String>,
    key: Option<String>,
    what: String,
    next: Option<String>,
}

impl From<&Finding> for Problem {
    fn from(finding: &Finding) -> Self {
        Self {
            origin: Some(finding.origin.to_string()),
            key: finding.key.clone(),
            what: finding.what.clone(),
            next: Some(finding.next.clone()),
        }
    }
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        let causes: Vec<String> = failure.chain().map(ToString::to_string).collect();
        Self { origin: None, key: None, what: causes.join(": "), next: failure.advice().map(str::to_owned) }
    }
}

impl Problem {
    fn line(&self) -> String {
        let place = [&self.origin, &self.key].into_iter().flatten().map(|part| format!("{part}: "));
        let next = self.next.as_ref().map(|next| format!("; {next}"));
        format!("{}{}{}", place.collect::<String>(), self.what, next.unwrap_or_default())
    }
}

pub(super) fn run(global: &GlobalArgs, output: &mut Output) -> Result<Exit, Failure> {
    let (settings, refused) = wiring::load_partly(global);
    let mut errors: Vec<Problem> =
        refused.iter().flat_map(|refused| refused.errors()).map(Problem::from).collect();
    // What else is wrong is told at once, too.
    errors.extend(wiring::faults(&settings).iter().map(Problem::from));
    let check = Check {
        valid: errors.is_empty(),
        errors,
        notices: settings.notices().iter().map(Problem::from).collect(),
        warnings: wiring::secret_warnings(&settings),
    };
    output.answer("ConfigCheck", true, &check, |out| text(out, &check))?;
    Ok(if check.valid { Exit::Success } else { Exit::Local })
}

fn text(out: &mut dyn Write, check: &Check) -> io::Result<()> {
    for error in &check.errors {
        writeln!(out, "error: {}", error.line())?;
    }
    for warning in &check.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    for notice in &check.notices {
        writeln!(out, "note: {}", notice.line())?;
    }
    match check.errors.len() {
        0 => writeln!(out, "The configuration is right."),
        1 => writeln!(out, "1 error."),
        errors => writeln!(out, "{errors} errors."),
    }
}
