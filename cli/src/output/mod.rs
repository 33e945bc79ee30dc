//! What the program prints: one answer on standard output, everything else on
//! standard error.

mod comment;
mod table;

use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::args::{Format, GlobalArgs};
use crate::failure::Failure;

pub(crate) use comment::Comment;
pub(crate) use table::Table;

/// Grows when a field of a document changes its meaning or goes away.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// The document around every answer.
#[derive(Serialize)]
struct Document<'a, T: Serialize> {
    schema_version: u32,
    kind: &'a str,
    complete: bool,
    data: &'a T,
}

/// Where answers go, and how they look.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    notes: Notes,
}

/// Where it goes what is said beside answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// To standard error, for people.
    Terminal,
    /// Into the log.
    Log,
}

impl Output {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self { format: global.format(), notes: Notes::Terminal }
    }

    /// The output of a service: there is a log, and nobody at a terminal.
    pub(crate) fn to_log() -> Self {
        Self { format: Format::Table, notes: Notes::Log }
    }

    /// Prints an answer: as a document, or as text for people.
    pub(crate) fn answer<T: Serialize>(
        &mut self,
        kind: &str,
        complete: bool,
        data: &T,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let document = Document { schema_version: SCHEMA_VERSION, kind, complete, data };
        let mut out = io::BufWriter::new(anstream::stdout().lock());
        match self.format {
            // Commands without a Markdown form are refused before they begin.
            Format::Table | Format::Markdown => text(&mut out)?,
            Format::Json | Format::Odb => {
                serde_json::to_writer_pretty(&mut out, &document).map_err(io::Error::from)?;
                writeln!(out)?;
            }
            Format::Yaml => {
                let yaml = serde_yaml::to_string(&document).map_err(Failure::local)?;
                out.write_all(yaml.as_bytes())?;
            }
        }
        out.flush()?;
        Ok(())
    }

    /// Sets the next answer apart from the one before: at a terminal it takes its
    /// place.
    pub(crate) fn turn_page(&mut self) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        match self.format {
            Format::Table if io::stdout().is_terminal() => write!(out, "\x1b[H\x1b[2J")?,
            Format::Table => writeln!(out)?,
            Format::Yaml => writeln!(out, "---")?,
            Format::Json | Format::Odb | Format::Markdown => {}
        }
        Ok(())
    }

    /// The same for an answer that has a Markdown form, too.
    pub(crate) fn answer_in_markdown<T: Serialize>(
        &mut self,
        kind: &str,
        complete: bool,
        data: &T,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        markdown: impl FnOnce(&mut Comment),
    ) -> Result<(), Failure> {
        if self.format != Format::Markdown {
            return self.answer(kind, complete, data, text);
        }
        let mut comment = Comment::new();
        markdown(&mut comment);
        let mut out = anstream::stdout().lock();
        out.write_all(comment.into_text().as_bytes())?;
        out.flush()?;
        Ok(())
    }

    /// Says something beside the answer.
    pub(crate) fn note(&mut self, text: &str) {
        if self.notes == Notes::Log {
            tracing::debug!("{text}");
            return;
        }
        // Nobody to tell is no reason to stop.
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// Says that something is safe to go on with, and should not stay so.
    pub(crate) fn warn(&mut self, text: &str) {
        match self.notes {
            Notes::Terminal => self.note(&format!("warning: {text}")),
            Notes::Log => tracing::warn!("{text}"),
        }
    }

    /// Says why the command could not be done.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        let mut err = anstream::stderr();
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        for (depth, cause) in failure.chain().enumerate() {
            let _ = match depth {
                0 => writeln!(err, "{red}error{red:#}: {cause}"),
                _ => writeln!(err, "  caused by: {cause}"),
            };
        }
        if let Some(advice) = failure.advice() {
            let _ = writeln!(err, "help: {advice}");
        }
    }
}

/// Colours for outcomes; taken out again where colour is not wanted.
pub(crate) fn outcome_style(outcome: &str) -> Style {
    let colour = match outcome {
        "matched" | "complete" => AnsiColor::Green,
        "review" => AnsiColor::Yellow,
        "wrong" | "missed" | "failed" | "incomplete" | "unknown" => AnsiColor::Red,
        _ => return Style::new(),
    };
    Style::new().fg_color(Some(colour.into()))
}
