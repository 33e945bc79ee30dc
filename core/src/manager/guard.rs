//! Refuses to go on from an index that was lost.

use super::run::RunError;
use super::survey::Survey;
use crate::matching::Decision;
use crate::model::recognise::uuids;
use crate::model::{JsonObject, layout};
use crate::ports::{RunState, SecretStore, Slot, Version};
use crate::updater::Finding;

/// How many names are told as traces.
const NAMED: usize = 3;

/// An index that was there and reads as absent or empty is an accident, not a
/// start. Without a state, the store's own versions tell that there was one, and
/// what else stands there: instances without an index were listed once. That
/// takes a list, and only if there is nothing in the index. `begins` says that
/// it is to be begun all the same: the broker removes its index with the last
/// instance, and who looks from outside cannot tell that from an accident.
///
/// # Errors
/// A refusal if it was lost, or the failure of the state or of the store.
pub async fn guard_index(
    slot: &Slot,
    state: Option<&dyn RunState>,
    store: &dyn SecretStore,
    begins: bool,
) -> Result<(), RunError> {
    let at = format!("the index `{}` in {}", layout::INDEX, store.address());
    let has_entries = slot.data().is_some_and(|index| !index.is_empty());
    if has_entries || begins {
        return Ok(());
    }
    let remembered = state.map(|state| state.index_size()).transpose()?.flatten();
    guard_against_memory(slot, remembered, &at)?;
    if remembered.is_some() {
        return Ok(());
    }
    let names = store.list("").await?;
    let traces: Vec<&str> =
        names.iter().map(|name| name.trim_end_matches('/')).filter(|name| is_trace(name)).collect();
    if traces.is_empty() {
        return Ok(());
    }
    let what = if slot.data().is_some() { "is empty" } else { "is not there" };
    let mut told: Vec<&str> = traces.clone();
    told.dedup();
    let more = told.len().saturating_sub(NAMED);
    told.truncate(NAMED);
    let mut named = told.join("`, `");
    named.push('`');
    if more > 0 {
        named.push_str(&format!(" and {more} more"));
    }
    Err(RunError::Refused {
        reason: format!("{at} {what}, but the store was used before: it has `{named}"),
        advice: "look at the address, the mount and the prefix; find out who removed the index and restore its last \
                 version; if there never was one, begin it with `run --begin-index`"
            .to_owned(),
    })
}

/// An index that has fewer entries than before, while deployments stand that
/// are no entry's any more, lost these: what a run makes again is poorer than
/// what the broker wrote. A few are told, and more than may turn missing at once
/// only by a person's word.
///
/// # Errors
/// A refusal, or the failure of the state.
pub(super) fn guard_entries(
    survey: &Survey,
    state: Option<&dyn RunState>,
    allowed: bool,
) -> Result<Option<Finding>, RunError> {
    let before = state.map(|state| state.index_size()).transpose()?.flatten();
    let before = before.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
    let now = survey.index_slot.data().map_or(0, JsonObject::len);
    let index = &survey.facts.index;
    let is_without = |decision: &&Decision| {
        decision.identity().is_some_and(|identity| index.entry(&identity.instance).is_none())
    };
    let without = survey.decisions.iter().filter(is_without).count();
    let lost = before.saturating_sub(now).min(without);
    if lost == 0 {
        return Ok(None);
    }
    let message = format!("{now} entries, {before} after the last run; {without} instances have none");
    let limit = most_made_again(before);
    if lost <= limit || allowed {
        return Ok(Some(Finding::new("index.fewer-entries", layout::INDEX, message)));
    }
    Err(RunError::Refused {
        reason: format!(
            "the index has {message}. Made again they would lack what only the broker knows, and at most {limit} \
             are in one run"
        ),
        advice:
            "find out who removed them and restore the last whole version of the index; to have them made \
                 again all the same, allow it once with `run --allow-fewer-entries`"
                .to_owned(),
    })
}

/// How many lost entries are made again in one run: 5 per cent, or 10; of a small
/// index half, because there a few deprovisions in flight are many.
fn most_made_again(entries: usize) -> usize {
    (entries / 20).max(10).min((entries / 2).max(1))
}

/// Whether a name at the top of a store is what an instance leaves there.
fn is_trace(name: &str) -> bool {
    name == "backups" || uuids(name).iter().any(|uuid| uuid.text == name)
}

fn guard_against_memory(slot: &Slot, remembered: Option<u64>, at: &str) -> Result<(), RunError> {
    let reason = match (slot, remembered) {
        (Slot::Present { data, .. }, Some(entries @ 1..)) if data.is_empty() => {
            format!("{at} is empty, but the last run saw {entries} entries")
        }
        (Slot::Vacant { .. }, Some(entries @ 1..)) => {
            format!("{at} is not there, but the last run saw {entries} entries")
        }
        // Where the last run saw none, nothing was lost.
        (Slot::Vacant { version }, None) if *version != Version::NEVER => {
            format!("{at} is deleted; it was there in {version} versions")
        }
        _ => return Ok(()),
    };
    let advice =
        "find out who removed it and restore its last version; if all instances were given back, the broker \
                  removed it with the last one: say so once with `run --begin-index`"
            .to_owned();
    Err(RunError::Refused { reason, advice })
}
