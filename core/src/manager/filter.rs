//! Limits what is shown and written. What is decided is never limited.

use regex::Regex;

use crate::matching::Decision;
use crate::model::{Identity, InstanceId, PlanId, ServiceId};

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
    deployment: Option<Regex>,
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
        self.deployment = Some(regex);
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
        if self.deployment.as_ref().is_some_and(|regex| !regex.is_match(decision.deployment.as_str())) {
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

    fn fits(&self, identity: &Identity) -> bool {
        self.service.as_ref().is_none_or(|id| *id == identity.service)
            && self.plan.as_ref().is_none_or(|id| *id == identity.plan)
            && self.instance.as_ref().is_none_or(|id| *id == identity.instance)
    }
}
