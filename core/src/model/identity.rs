//! What a decision decides: which instance of which service and plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{InstanceId, PlanId, ServiceId};

/// A service instance, with the service and the plan it was made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The instance.
    pub instance: InstanceId,
    /// Its service.
    pub service: ServiceId,
    /// Its plan.
    pub plan: PlanId,
}

impl Identity {
    /// The name the broker gives this instance's deployment:
    /// `{plan_id}-{instance_id}`.
    #[must_use]
    pub fn expected_deployment(&self) -> String {
        format!("{}-{}", self.plan, self.instance)
    }

    /// Whether the broker would give this instance's deployment that name; the
    /// case of a UUID does not count.
    #[must_use]
    pub fn expects(&self, deployment: &str) -> bool {
        super::recognise::instance_after(deployment, self.plan.as_str())
            .is_some_and(|rest| same_instance_text(rest, &self.instance))
    }
}

fn same_instance_text(text: &str, instance: &InstanceId) -> bool {
    if instance.is_uuid() { text.eq_ignore_ascii_case(instance.as_str()) } else { text == instance.as_str() }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.service, self.plan, self.instance)
    }
}
