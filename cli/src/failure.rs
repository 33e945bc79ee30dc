//! Why a command could not be done: message, causes, next step, exit code.

use std::error::Error;
use std::io;

use reconciler_core::adapters::SourceError;
use reconciler_core::backup::BackupError;
use reconciler_core::config::ConfigErrors;
use reconciler_core::manager::RunError;
use reconciler_core::matching::ChainError;
use reconciler_core::ports::{PortError, PortErrorKind};
use reconciler_strategies::script::ScriptProblems;

use crate::exit::Exit;

/// A command that could not be done.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    advice: Option<String>,
    exit: Exit,
}

impl Failure {
    /// A mistake on our side.
    pub(crate) fn local(error: impl Into<anyhow::Error>) -> Self {
        Self { error: error.into(), advice: None, exit: Exit::Local }
    }

    /// A mistake on our side, in words.
    pub(crate) fn told(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { error: anyhow::Error::msg(message.into()), advice: Some(advice.into()), exit: Exit::Local }
    }

    /// The other side is at fault, in words.
    pub(crate) fn remote(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { exit: Exit::Remote, ..Self::told(message, advice) }
    }

    /// A server that a setting names could not be set up. Where its address is
    /// wrong, the setting is named.
    pub(crate) fn of_server(error: PortError, key: &str) -> Self {
        let is_of_address = error.operation.contains("address");
        let mut failure = Self::from(error);
        if is_of_address {
            failure.error = anyhow::Error::msg(format!("{key}: {}", failure.error));
        }
        failure
    }

    /// A signal came.
    pub(crate) fn interrupted() -> Self {
        let advice = Some("nothing is left half written; run again to go on from there".to_owned());
        Self { error: anyhow::Error::msg("interrupted"), advice, exit: Exit::Interrupted }
    }

    /// The same with advice, unless it has some already.
    pub(crate) fn or_advise(mut self, advice: &str) -> Self {
        self.advice.get_or_insert_with(|| advice.to_owned());
        self
    }

    /// The same for a contract that knows one way to fail only; a signal stays
    /// one.
    pub(crate) fn plain(mut self) -> Self {
        if self.exit != Exit::Interrupted {
            self.exit = Exit::Local;
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn advice(&self) -> Option<&str> {
        self.advice.as_deref()
    }

    /// The message, then what caused it.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        self.error.chain()
    }

    /// Everything there is to say, in one line for a log.
    pub(crate) fn in_one_line(&self) -> String {
        // Their own form is a picture of many lines.
        let told = |cause: &(dyn Error + 'static)| match cause.downcast_ref::<ScriptProblems>() {
            Some(problems) => problems.errors().map(ToString::to_string).collect::<Vec<_>>().join("; and "),
            None => cause.to_string(),
        };
        let causes: Vec<String> = self.chain().map(told).collect();
        let advice = self.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
        format!("{}{advice}", causes.join(": ")).replace('\n', " ")
    }

    pub(crate) fn is_closed_pipe(&self) -> bool {
        let io = self.error.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn exit_of(kind: PortErrorKind) -> Exit {
    match kind {
        PortErrorKind::Local | PortErrorKind::Invalid => Exit::Local,
        PortErrorKind::Cancelled => Exit::Interrupted,
        _ => Exit::Remote,
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        let exit = exit_of(error.kind);
        // Not a failure of the other side: the last line says what it was.
        if exit == Exit::Interrupted {
            let error = anyhow::Error::msg(format!("interrupted: {error}"));
            return Self { error, advice: None, exit };
        }
        let advice = error.advice.as_ref().map(ToString::to_string);
        Self { error: error.into(), advice, exit }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Port(error) => error.into(),
            RunError::Refused { ref advice, .. } => {
                let advice = Some(advice.clone());
                Self { error: error.into(), advice, exit: Exit::Refused }
            }
            RunError::Interrupted { .. } => {
                Self { error: error.into(), advice: None, exit: Exit::Interrupted }
            }
            _ => Self::local(error),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let advice = error.advice();
        match error {
            BackupError::Port(error) => error.into(),
            BackupError::Unfinished { error: ref failed, .. } => {
                let exit = exit_of(failed.kind);
                Self { error: error.into(), advice, exit }
            }
            BackupError::Refused { .. } => Self { error: error.into(), advice, exit: Exit::Refused },
            _ => Self { error: error.into(), advice, exit: Exit::Local },
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let advice = error.advice.clone();
        Self { error: error.into(), advice, exit: Exit::Local }
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        Self::local(error)
    }
}

impl From<ConfigErrors> for Failure {
    fn from(error: ConfigErrors) -> Self {
        Self::local(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::local(error)
    }
}
