//! The errors of ports: what was tried, on what, what kind of failure it is,
//! and what to do next.

use std::borrow::Cow;
use std::fmt;

/// What kind of failure it is. Whether a retry helps is a property of the kind,
/// never of a message's wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PortErrorKind {
    /// It did not arrive, or the other side is not ready: it may work in a
    /// moment. Nothing was changed.
    Transient,
    /// The other side asks for fewer requests.
    RateLimited,
    /// It is there but cannot serve: Vault is sealed, or only a standby
    /// answered.
    Unavailable,
    /// Who we are is not accepted: no token, an expired or revoked one, wrong
    /// credentials.
    Unauthenticated,
    /// We are known but may not do this.
    Denied,
    /// The other side says that it does not exist.
    NotFound,
    /// It was changed by somebody else since it was read.
    Conflict,
    /// A write whose fate is unknown: read again and compare before anything
    /// else.
    Ambiguous,
    /// It is larger than the other side, or a configured limit, allows.
    TooLarge,
    /// The other side, or we on its behalf, refuse what was sent for what it is:
    /// the same for another subject may succeed.
    Invalid,
    /// The answer could not be understood.
    Malformed,
    /// The other side cannot do what is needed: the wrong version of an
    /// engine, an old server.
    Unsupported,
    /// Our own side is at fault: configuration, files, certificates, a full
    /// disk.
    Local,
    /// The run was asked to stop.
    Cancelled,
}

impl PortErrorKind {
    /// Whether the same request may succeed if it is made again.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited | Self::Unavailable)
    }

    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Transient,
        Self::RateLimited,
        Self::Unavailable,
        Self::Unauthenticated,
        Self::Denied,
        Self::NotFound,
        Self::Conflict,
        Self::Ambiguous,
        Self::TooLarge,
        Self::Invalid,
        Self::Malformed,
        Self::Unsupported,
        Self::Local,
        Self::Cancelled,
    ];

    /// A stable name for metrics and JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Unauthenticated => "unauthenticated",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Ambiguous => "ambiguous",
            Self::TooLarge => "too-large",
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::Local => "local",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A request to the outside world that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct PortError {
    /// What was tried, as a phrase after "failed to": `read the index`.
    pub operation: Cow<'static, str>,
    /// On what: a path, a deployment, an address. Never a value.
    pub subject: String,
    /// What kind of failure it is.
    pub kind: PortErrorKind,
    /// What went wrong, in the words of the other side where they help.
    pub reason: String,
    /// What to do next, where there is something to do.
    pub advice: Option<Cow<'static, str>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// A failure of a kind.
    #[must_use]
    pub fn new(
        kind: PortErrorKind,
        operation: impl Into<Cow<'static, str>>,
        subject: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            operation: operation.into(),
            subject: subject.into(),
            kind,
            reason: reason.into(),
            advice: None,
            source: None,
        }
    }

    /// Says what to do next.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Keeps the error beneath. Its own text is not repeated in the message.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {}", self.operation)?;
        if !self.subject.is_empty() {
            write!(f, " `{}`", self.subject)?;
        }
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for PortError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::PortErrorKind;

    #[test]
    fn all_kinds_are_there() {
        assert_eq!(PortErrorKind::ALL.len(), PortErrorKind::Cancelled as usize + 1);
        assert!(PortErrorKind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}
