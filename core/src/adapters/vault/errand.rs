//! What is being done and to what: the frame of every request and every error.

use std::borrow::Cow;

use crate::adapters::http::{Call, Method};
use crate::ports::{PortError, PortErrorKind};

/// An operation on a subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Errand<'a> {
    /// As a phrase after "failed to".
    pub(super) operation: &'static str,
    /// A path or an address, never a value.
    pub(super) subject: &'a str,
}

impl<'a> Errand<'a> {
    pub(super) fn new(operation: &'static str, subject: &'a str) -> Self {
        Self { operation, subject }
    }

    /// A request on this errand.
    pub(super) fn call<'c>(&self, method: Method, route: &'static str, parameters: &[&'c str]) -> Call<'c>
    where
        'a: 'c,
    {
        Call::new(method, route, parameters, self.operation).subject(self.subject)
    }

    /// Its failure.
    pub(super) fn error(&self, kind: PortErrorKind, reason: impl Into<String>) -> PortError {
        PortError::new(kind, self.operation, self.subject, reason)
    }

    /// Its failure, with the next step.
    pub(super) fn advise(
        &self,
        kind: PortErrorKind,
        reason: impl Into<String>,
        advice: impl Into<Cow<'static, str>>,
    ) -> PortError {
        self.error(kind, reason).with_advice(advice)
    }
}
