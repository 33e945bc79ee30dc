//! An instance's entry in the index: under which key, and what it holds.

use super::problem::BackupError;
use crate::model::{InstanceId, JsonObject};

/// The key of an instance's entry, if there is one: paths do not fold the case
/// of a UUID. The exact spelling comes first, then any other.
#[must_use]
pub fn spelled(index: Option<&JsonObject>, instance: &InstanceId) -> Option<InstanceId> {
    let index = index?;
    if index.contains(instance.as_str()) {
        return Some(instance.clone());
    }
    index.iter().filter_map(|(key, _)| InstanceId::new(key).ok()).find(|key| key == instance)
}

/// An instance's entry in the index with its key.
pub(super) fn entry_of(
    index: Option<&JsonObject>,
    instance: &InstanceId,
) -> Result<(InstanceId, JsonObject), BackupError> {
    let refused = |reason: String, advice: &str| BackupError::Refused { reason, advice: advice.to_owned() };
    let key = spelled(index, instance).ok_or_else(|| {
        refused(
            format!(
                "the index has no entry of instance `{instance}`: the broker removes it with the instance"
            ),
            "check the id: only an instance that the index has is put back or let go of",
        )
    })?;
    let raw = index.and_then(|index| index.raw(key.as_str()));
    let entry = raw.and_then(|raw| JsonObject::parse(raw.get()).ok()).ok_or_else(|| {
        refused(
            format!("the index entry of instance `{key}` is no object"),
            "look at the index with the vault CLI and repair the entry first",
        )
    })?;
    Ok((key, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_spelling_comes_first_and_then_any_case_of_a_uuid() {
        let lower = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
        let upper = lower.to_uppercase();
        let index = |text: String| JsonObject::parse(&text).unwrap();
        let asked = InstanceId::new(lower).unwrap();
        let one = index(format!(r#"{{"{upper}":{{}}}}"#));
        assert_eq!(spelled(Some(&one), &asked).unwrap().as_str(), upper);
        let two = index(format!(r#"{{"{upper}":{{}},"{lower}":{{}}}}"#));
        assert_eq!(spelled(Some(&two), &asked).unwrap().as_str(), lower);
        assert!(spelled(Some(&index("{}".into())), &asked).is_none());
        assert!(spelled(None, &asked).is_none());
    }
}
