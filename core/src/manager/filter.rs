//! Limits what is shown and written. What is decided is never limited.

use std::fmt;

use regex::Regex;

use crate::matching::Decision;
use crate::model::{Identity, IndexEntry, InstanceId, PlanId, ServiceId};

/// A pattern that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pattern for deployments; use `*` for any text and `?` for one character")]
pub struct InvalidGlob(String);

/// Which deployments are shown and written.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this service.
    pub service: Option<ServiceId>,
    /// Only of this plan.
    pub plan: Option<PlanId>,
    /// Only of this instance.
    pub instance: Option<InstanceId>,
    deployment: Option<Glob>,
}

/// A pattern as it was written, and what it means.
#[derive(Debug, Clone)]
struct Glob {
    text: String,
    regex: Regex,
}

impl Filter {
    /// Only deployments whose name fits a pattern: `*` is any text, `?` any
    /// character.
    ///
    /// # Errors
    /// If the pattern is too long.
    pub fn with_deployment(mut self, glob: &str) -> Result<Self, InvalidGlob> {
        let pattern = regex::escape(glob).replace(r"\*", ".*").replace(r"\?", ".");
        let regex = Regex::new(&format!("^{pattern}$")).map_err(|_| InvalidGlob(glob.to_owned()))?;
        self.deployment = Some(Glob { text: glob.to_owned(), regex });
        Ok(self)
    }

    /// Whether everything is shown.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.service.is_none() && self.plan.is_none() && self.instance.is_none() && self.deployment.is_none()
    }

    /// Whether a decision is shown and written. One that is not a match is
    /// shown if any of its candidates fits.
    #[must_use]
    pub fn admits(&self, decision: &Decision) -> bool {
        if !self.admits_name(decision.deployment.as_str()) {
            return false;
        }
        let by_identity = self.service.is_some() || self.plan.is_some() || self.instance.is_some();
        if !by_identity {
            return true;
        }
        match decision.identity() {
            Some(identity) => self.fits(identity),
            None => decision.ranking.iter().any(|ranked| self.fits(&ranked.identity)),
        }
    }

    /// Whether an entry of the index is shown, by what it names and by the
    /// deployment that would be its own.
    pub(super) fn admits_entry(&self, entry: &IndexEntry) -> bool {
        let expected = entry.identity();
        let name = expected.as_ref().map(Identity::expected_deployment).unwrap_or_default();
        self.service.as_ref().is_none_or(|id| entry.service() == Some(id))
            && self.plan.as_ref().is_none_or(|id| entry.plan() == Some(id))
            && self.instance.as_ref().is_none_or(|id| *id == entry.instance)
            && self.admits_name(&name)
    }

    /// Whether the name fits the pattern, if there is one.
    #[must_use]
    pub fn admits_name(&self, name: &str) -> bool {
        self.deployment.as_ref().is_none_or(|glob| glob.regex.is_match(name))
    }

    fn fits(&self, identity: &Identity) -> bool {
        self.service.as_ref().is_none_or(|id| *id == identity.service)
            && self.plan.as_ref().is_none_or(|id| *id == identity.plan)
            && self.instance.as_ref().is_none_or(|id| *id == identity.instance)
    }
}

/// The conditions, for people: `service redis, deployment redis-*`.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions = [
            ("service", self.service.as_ref().map(|id| id.as_str())),
            ("plan", self.plan.as_ref().map(|id| id.as_str())),
            ("instance", self.instance.as_ref().map(|id| id.as_str())),
            ("deployment", self.deployment.as_ref().map(|glob| glob.text.as_str())),
        ];
        let given = conditions.into_iter().filter_map(|(what, value)| Some((what, value?)));
        for (at, (what, value)) in given.enumerate() {
            write!(f, "{}{what} {value}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
