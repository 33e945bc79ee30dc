//! What is wrong with a script, where, and what to do about it.

use std::fmt;
use std::sync::Arc;

use reconciler_core::manifest::Location;
use reconciler_core::matching::StrategyError;
use serde::Serialize;

use super::excerpt::Excerpt;
use reconciler_core::model::visible;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The script cannot be used.
    Error,
    /// It can, but something is odd.
    Warning,
}

/// A function that was being called when something went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// The function.
    pub function: String,
    /// From where it was called; nothing for the outermost.
    pub called_at: Option<Location>,
}

/// Something that is wrong with a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ScriptProblem {
    /// How much it matters.
    pub severity: Severity,
    /// A stable dotted code: `script.unknown-property`.
    pub code: &'static str,
    /// The script's file.
    pub file: Arc<str>,
    /// Line and column, if it is about a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The functions it happened in, innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<Frame>,
    /// The line of the script.
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

impl ScriptProblem {
    /// An error about a file as a whole.
    pub(super) fn new(code: &'static str, file: &Arc<str>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            file: Arc::clone(file),
            at: None,
            message: visible(message.into()).into_owned(),
            help: None,
            inside: Vec::new(),
            excerpt: None,
        }
    }

    /// The same, about a place.
    pub(super) fn at(mut self, at: Option<Location>) -> Self {
        self.at = at;
        self
    }

    /// The same, with what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(visible(help.into()).into_owned());
        self
    }

    /// The same, as a warning.
    pub(super) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same, with the line it is about.
    pub(super) fn shown_in(mut self, source: &str) -> Self {
        self.excerpt = self.at.and_then(|at| Excerpt::of(source, at));
        self
    }

    /// Whether the script went over a limit.
    #[must_use]
    pub fn is_over_limit(&self) -> bool {
        self.code.starts_with("script.limit.")
    }

    /// The problem as the failure of a step.
    pub(super) fn into_error(self) -> StrategyError {
        let message = self.to_string();
        match self.is_over_limit() {
            true => StrategyError::OverLimit { code: self.code.into(), message },
            false => StrategyError::Other { code: self.code.into(), message },
        }
    }

    /// The problem with the line it is about and a mark under the place.
    #[must_use]
    pub fn rendered(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut lines = vec![format!("{severity}[{}]: {}", self.code, self.message)];
        let margin = self.at.map_or(0, |at| at.line.to_string().len());
        match self.at {
            Some(at) => lines.push(format!("{:margin$}--> {}:{at}", "", self.file)),
            None => lines.push(format!(" --> {}", self.file)),
        }
        if let (Some(at), Some(excerpt)) = (self.at, &self.excerpt) {
            lines.extend(excerpt.rendered(at.line, margin));
        }
        for frame in &self.inside {
            lines.push(match frame.called_at {
                Some(at) => format!("{:margin$} = in {}(), called at {at}", "", frame.function),
                None => format!("{:margin$} = in {}()", "", frame.function),
            });
        }
        if let Some(help) = &self.help {
            lines.push(format!("{:margin$} = help: {help}", ""));
        }
        lines.join("\n")
    }
}

/// In one line: place, what is wrong, what to do.
impl fmt::Display for ScriptProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(at) = self.at {
            write!(f, ":{at}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a set of scripts, by file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptProblems(pub(super) Vec<ScriptProblem>);

impl ScriptProblems {
    /// The problems.
    #[must_use]
    pub fn problems(&self) -> &[ScriptProblem] {
        &self.0
    }

    /// Those that keep the scripts from being used.
    pub fn errors(&self) -> impl Iterator<Item = &ScriptProblem> {
        self.0.iter().filter(|problem| problem.severity == Severity::Error)
    }
}

impl fmt::Display for ScriptProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the scripts cannot be used")?;
        for problem in self.errors() {
            write!(f, "\n{}", problem.rendered())?;
        }
        Ok(())
    }
}

impl std::error::Error for ScriptProblems {}
