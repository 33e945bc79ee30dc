//! What an entry change was concluded from, and whether that still stands when
//! the index is written. Pure.

use super::change::{EntryChange, Finding};
use super::instance::Stamp;
use super::operation::fresh_operation;
use crate::model::json::same_value;
use crate::model::{JsonObject, layout};

/// What decides about an entry, whatever else a change sets in it: an operation,
/// and whose it is.
const DECIDING: [&str; 3] = ["status", "service_id", "plan_id"];

/// What must stand in an entry for a change to hold.
#[derive(Debug, Clone)]
pub enum Premise {
    /// All of it as it was read.
    Whole(JsonObject),
    /// What decided about it as it was read, and what is to be taken out of it;
    /// and no operation of the broker is under way.
    Deciding {
        /// The entry as it was read.
        read: JsonObject,
        /// When it was looked at.
        stamp: Stamp,
    },
}

impl EntryChange {
    /// Whether the change holds for the entry as it stands now.
    ///
    /// # Errors
    /// A finding that says why the entry has to be left alone.
    pub fn check(&self, there: &JsonObject) -> Result<(), Finding> {
        let key = self.instance.as_str();
        // Restored since the run began: its records are not what the change was
        // computed from.
        if layout::is_held(there) {
            let message = "restored and held by somebody else during the run";
            return Err(Finding::new("instance.held", key, message));
        }
        let is_as_read = match &self.only_if {
            None => true,
            Some(Premise::Whole(read)) => read == there,
            Some(Premise::Deciding { read, .. }) => {
                DECIDING.into_iter().chain(self.fields.taken_out()).all(|field| is_same(read, there, field))
            }
        };
        if !is_as_read {
            let message = "changed by somebody else during the run; the next run looks again";
            return Err(Finding::new("entry.changed", key, message));
        }
        match &self.only_if {
            Some(Premise::Deciding { stamp, .. }) => match fresh_operation(there, *stamp) {
                Some(status) => {
                    let message = format!("the broker began to work on it during the run: `{status}`");
                    Err(Finding::new("instance.in-operation", key, message))
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn is_same(a: &JsonObject, b: &JsonObject, field: &str) -> bool {
    match (a.raw(field), b.raw(field)) {
        (Some(a), Some(b)) => same_value(a, b),
        (None, None) => true,
        _ => false,
    }
}
