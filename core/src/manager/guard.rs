//! Refuses to go on from an index that was lost. Pure but for the state.

use super::run::RunError;
use crate::model::layout;
use crate::ports::{RunState, Slot, Version};

/// An index that was there and reads as absent or empty is an accident, not a
/// start. `store` is the address of the store; without a state, only the store's
/// own versions tell that there was one.
///
/// # Errors
/// A refusal if it was lost, or the state's failure.
pub fn guard_index(slot: &Slot, state: Option<&dyn RunState>, store: &str) -> Result<(), RunError> {
    let remembered = state.map(|state| state.index_size()).transpose()?.flatten().unwrap_or(0);
    let at = format!("the index `{}` in {store}", layout::INDEX);
    let reason = match slot {
        Slot::Present { data, .. } if data.is_empty() && remembered > 0 => {
            format!("{at} is empty, but the last run saw {remembered} entries")
        }
        Slot::Vacant { .. } if remembered > 0 => {
            format!("{at} is not there, but the last run saw {remembered} entries")
        }
        Slot::Vacant { version } if *version != Version::NEVER => {
            format!("{at} is deleted; it was there in {version} versions")
        }
        _ => return Ok(()),
    };
    let mut advice = "find out who removed it and restore its last version".to_owned();
    if let Some(state) = state {
        advice.push_str(&format!("; for a new store use another state file than {}", state.address()));
    }
    Err(RunError::Refused { reason, advice })
}
