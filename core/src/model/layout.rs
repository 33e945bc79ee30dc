//! Where Blacksmith keeps what, below the mount of the secret engine.

use super::{InstanceId, JsonObject};

/// The secret that lists all instances.
pub const INDEX: &str = "db";

/// The instance's own record.
#[must_use]
pub fn root(instance: &InstanceId) -> String {
    instance.as_str().to_owned()
}

/// The manifest last seen.
#[must_use]
pub fn manifest(instance: &InstanceId) -> String {
    format!("{instance}/manifest")
}

/// What is known about the instance beside the record, with its history.
#[must_use]
pub fn metadata(instance: &InstanceId) -> String {
    format!("{instance}/metadata")
}

/// The broker's own copy of the request that made the instance. Only the
/// broker writes it: the best witness of service and plan.
#[must_use]
pub fn deployment(instance: &InstanceId) -> String {
    format!("{instance}/deployment")
}

/// What the broker itself is doing with the instance. Only the broker writes it.
#[must_use]
pub fn task(instance: &InstanceId) -> String {
    format!("{instance}/task")
}

/// Names below an instance that belong to the broker. Nothing of ours is ever
/// written there.
pub const BROKERS_OWN: [&str; 6] = ["credentials", "bindings", "deployment", "init", "plans", "task"];

/// What the names of our own fields begin with, where Blacksmith has none for
/// the purpose. They say nothing about the instance.
pub const OWN_FIELDS: &str = "reconciler_";

/// The field of an index entry that keeps runs from writing the instance.
pub const HOLD: &str = "reconciler_hold";

/// The field of an index entry that says since when nothing holds it any more:
/// the next run looks at its records, whatever earlier ones concluded.
pub const RELEASED: &str = "reconciler_released";

/// Whether an index entry is held: its instance is left as it is until somebody
/// lets go of it.
#[must_use]
pub fn is_held(entry: &JsonObject) -> bool {
    entry.raw(HOLD).is_some_and(|hold| hold.get() != "null")
}
