//! What an archive holds: up to four objects, and the digest that says whether
//! two archives hold the same.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::model::digest::{feed, hex};
use crate::model::{InstanceId, JsonObject, layout};

/// One of the objects that a run may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The instance's own record.
    Root,
    /// The manifest last seen.
    Manifest,
    /// What is known beside the record, with the history.
    Metadata,
    /// The instance's entry in the index.
    Index,
}

impl Part {
    /// All parts, in the order of writing.
    pub const ALL: [Self; 4] = [Self::Root, Self::Manifest, Self::Metadata, Self::Index];

    /// Its name in an archive and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Manifest => "manifest",
            Self::Metadata => "metadata",
            Self::Index => "index",
        }
    }

    /// Where it stands; an index entry is `db#{instance}`.
    #[must_use]
    pub fn path(self, instance: &InstanceId) -> String {
        match self {
            Self::Root => layout::root(instance),
            Self::Manifest => layout::manifest(instance),
            Self::Metadata => layout::metadata(instance),
            Self::Index => format!("{}#{instance}", layout::INDEX),
        }
    }

    /// The part that a name or a path means.
    #[must_use]
    pub fn named(text: &str, instance: &InstanceId) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == text || part.path(instance) == text)
    }
}

/// Fields that change with every write and mean nothing by themselves.
const VOLATILE: [&str; 5] =
    ["reconciled_at", "last_synced_at", "updated", "updated_at", "orphan_check_count"];

/// The objects of one instance.
#[derive(Clone, Default, PartialEq)]
pub struct Contents([Option<JsonObject>; 4]);

impl Contents {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a part, if there is one.
    #[must_use]
    pub fn with(mut self, part: Part, object: Option<&JsonObject>) -> Self {
        self.0[part as usize] = object.cloned();
        self
    }

    /// A part, if it was there.
    #[must_use]
    pub fn get(&self, part: Part) -> Option<&JsonObject> {
        self.0[part as usize].as_ref()
    }

    /// The parts that were there, in the order of writing.
    pub fn parts(&self) -> impl Iterator<Item = (Part, &JsonObject)> {
        Part::ALL.into_iter().filter_map(|part| Some((part, self.get(part)?)))
    }

    /// Whether nothing was there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// All parts as one JSON text that keeps their bytes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut whole = JsonObject::new();
        for (part, object) in self.parts() {
            whole.set_value(part.name(), object);
        }
        whole.to_text()
    }

    /// Reads what `to_text` wrote.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let whole = JsonObject::parse(text).map_err(|_| "its content is not a JSON object".to_owned())?;
        let mut contents = Self::new();
        for (name, value) in whole.iter() {
            let part = Part::ALL.into_iter().find(|part| part.name() == name);
            let part =
                part.ok_or_else(|| "its content has a part that this version does not know".to_owned())?;
            let object = JsonObject::parse(value.get());
            let object = object.map_err(|_| format!("its part `{name}` is not a JSON object"))?;
            contents.0[part as usize] = Some(object);
        }
        Ok(contents)
    }

    /// The digest of all that is not volatile. Spelling and order of fields do
    /// not count, the text of numbers does: a store may sort keys.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (part, object) in self.parts() {
            hasher.update(part.name());
            let mut fields: Vec<_> = object
                .iter()
                .filter(|(field, _)| !VOLATILE.contains(field) && !field.starts_with(layout::OWN_FIELDS))
                .collect();
            fields.sort_by_key(|(field, _)| *field);
            for (field, value) in fields {
                hasher.update([0]);
                hasher.update(field);
                hasher.update([0]);
                feed(&mut hasher, value, 0);
            }
            hasher.update([1]);
        }
        hex(&hasher.finalize())
    }
}

/// Says which parts there are; values may be secret.
impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts().map(|(part, object)| (part.name(), object.len()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Contents {
        Contents::new().with(Part::Root, Some(&JsonObject::parse(text).unwrap()))
    }

    #[test]
    fn volatile_fields_and_spelling_do_not_change_the_digest_and_everything_else_does() {
        let one = root(r#"{"a":1.10,"b":{"x":"A","y":[1,2]},"reconciled_at":1}"#);
        let same = root(r#"{"b":{"y":[1, 2],"x":"\u0041"},"a":1.10,"reconciled_at":2,"reconciler_hold":{}}"#);
        assert_eq!(one.digest(), same.digest());
        for other in [
            r#"{"a":1.1,"b":{"x":"A","y":[1,2]}}"#,
            r#"{"a":1.10,"b":{"x":"A","y":[2,1]}}"#,
            r#"{"a":1.10,"b":{"x":"A","y":[1,2],"reconciled_at":1}}"#,
            r#"{"a":1.10,"b":{"x":"A"},"y":[1,2]}"#,
        ] {
            assert_ne!(one.digest(), root(other).digest(), "{other}");
        }
        let elsewhere = Contents::new().with(Part::Metadata, one.get(Part::Root));
        assert_ne!(one.digest(), elsewhere.digest());
    }

    #[test]
    fn the_text_keeps_every_byte_and_debug_shows_none() {
        let text = r#"{"n":1.10,"big":123456789012345678901234567890,"s":"a\u0041","hunter":"hunter2"}"#;
        let contents = root(text);
        let back = Contents::parse(&contents.to_text()).unwrap();
        assert_eq!(back.get(Part::Root).unwrap().to_text(), text);
        assert!(!format!("{back:?}").contains("hunter"));
        assert!(Contents::parse(r#"{"credentials":{}}"#).is_err());
    }
}
